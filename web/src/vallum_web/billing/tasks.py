from uuid import UUID

from django.conf import settings
from procrastinate import RetryStrategy

from vallum_web.billing.services import inbox, reconcile
from vallum_web.tenancy.jobs import lone_job, periodic_job


@lone_job(inbox.FOLLOW, retry=RetryStrategy(max_attempts=5, exponential_wait=4))
def follow(event: str) -> None:
    inbox.follow(UUID(event))


@periodic_job("billing.reconcile", cron="37 * * * *")
def hourly() -> None:
    if settings.BILLING:
        reconcile.everything()
