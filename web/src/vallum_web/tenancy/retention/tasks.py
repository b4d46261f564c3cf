"""The queue's door to retention."""

from vallum_web.tenancy.jobs import periodic_job
from vallum_web.tenancy.retention import engine


@periodic_job("retention.hourly", cron="13 * * * *")
def hourly() -> None:
    engine.run()
