from uuid import UUID

from django.conf import settings
from procrastinate import RetryStrategy

from vallum_web.billing.services import inbox, leaving, reconcile
from vallum_web.tenancy.jobs import lone_job, periodic_job


@lone_job(inbox.FOLLOW, retry=RetryStrategy(max_attempts=5, exponential_wait=4))
def follow(event: str) -> None:
    inbox.follow(UUID(event))


@lone_job(leaving.STOP, retry=RetryStrategy(max_attempts=100, wait=3600))
def stop(provider: str, subscription: str, command: str) -> None:
    leaving.stopped(provider, subscription, command)


@periodic_job("billing.reconcile", cron="37 * * * *")
def hourly() -> None:
    if settings.BILLING:
        reconcile.everything()
