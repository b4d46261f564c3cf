from vallum_web.tenancy.jobs import periodic_job
from vallum_web.trust import services


@periodic_job("trust.measure", cron="7 * * * *")
def measure() -> None:
    services.measure()
