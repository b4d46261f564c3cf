from vallum_web.accounts.suspensions import services
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("accounts.suspensions_over", cron="*/10 * * * *")
def over() -> None:
    services.end_over()
