from vallum_web.accounts.usage import services
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("usage.count", cron="4 * * * *")
def count() -> None:
    services.count_due()


@periodic_job("usage.publish", cron="34 2 * * *")
def publish() -> None:
    services.publish()
