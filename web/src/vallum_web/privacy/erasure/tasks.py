from uuid import UUID

from vallum_web.privacy.erasure import purge, queries, receipts, services
from vallum_web.tenancy.jobs import enqueue_alone, lone_job, periodic_job


@periodic_job("privacy.purge_due", cron="*/10 * * * *")
def purge_due() -> None:
    """Begin, or go on with, what is due."""
    for key in queries.due():
        enqueue_alone(services.PURGE, lock=f"purge {key}", deletion=str(key))


@lone_job(services.PURGE)
def purge_one(deletion: str) -> None:
    purge.purge(UUID(deletion))


@periodic_job("privacy.deletions", cron="47 * * * *")
def deletions() -> None:
    services.tell_who_is_near()
    receipts.forget_addresses()
    receipts.tell_last_backup_gone()
