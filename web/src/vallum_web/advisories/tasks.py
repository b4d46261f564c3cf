"""Feeds by the clock."""

from vallum_web.advisories import services
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("advisories.update_feeds", cron="29 * * * *")
def update_feeds() -> None:
    services.update_due()
