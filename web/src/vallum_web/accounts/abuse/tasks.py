from vallum_web.accounts.abuse import insiders, services
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("abuse.look", cron="52 * * * *")
def look() -> None:
    services.look()


@periodic_job("abuse.look_at_people", cron="*/10 * * * *")
def look_at_people() -> None:
    insiders.look()
