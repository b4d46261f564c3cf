from vallum_web.privacy.inactivity import services
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("privacy.inactivity", cron="19 3 * * *")
def inactivity() -> None:
    services.run()
