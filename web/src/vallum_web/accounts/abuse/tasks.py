from vallum_web.accounts.abuse import services
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("abuse.look", cron="52 * * * *")
def look() -> None:
    services.look()
