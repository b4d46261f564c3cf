"""The queue's door to ingest: parse, call, answer."""

from uuid import UUID

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy

from vallum_web.findings.services import expire_decisions
from vallum_web.ingest import queries, services, sweep, work
from vallum_web.ingest.models import Upload
from vallum_web.scans import services as scans
from vallum_web.tenancy import lookups
from vallum_web.tenancy.jobs import periodic_job, tenant_job, working
from vallum_web.tenancy.scope import scope

# The database was restarted under the job: it begins again, and an attempt is counted.
LOST_DATABASE = RetryStrategy(max_attempts=5, wait=2, retry_exceptions=[OperationalError, InterfaceError])


@tenant_job(scans.RUN, retry=LOST_DATABASE)
def run_scan(org: UUID, scan: str) -> None:
    work.run(org, UUID(scan))


@tenant_job(services.DIGEST, retry=LOST_DATABASE)
def digest_upload(org: UUID, upload: str) -> None:
    with scope(org):
        scan = queries.upload(org, UUID(upload)).scan_id
    begun = scans.begin(org, scan)
    with scope(org):
        kept = queries.upload(org, UUID(upload))
    if begun:
        services.digest(kept)
    elif kept.status == Upload.Status.KEPT and kept.scan.failure:
        services.refuse(kept, kept.scan.failure)


@periodic_job("ingest.pick_up_abandoned", cron="*/20 * * * * *")
def pick_up_abandoned() -> None:
    """Scans whose job is gone from the queue without an end of their own begin again, or fail with a reason."""
    for org in working(lookups.unfinished()):
        for scan in queries.abandoned(org):
            with scope(org):
                scans.again(scan)


@periodic_job("ingest.hourly", cron="7 * * * *")
def hourly() -> None:
    for org in lookups.all_orgs():
        sweep.blobs_without_a_row(org)
        expire_decisions(org)
