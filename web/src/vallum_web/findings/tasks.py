"""The queue's door to the record."""

from uuid import UUID

from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from procrastinate import RetryStrategy

from vallum_web.findings import services
from vallum_web.findings.services import bulk, history, upkeep, weigh
from vallum_web.tenancy import lookups
from vallum_web.tenancy.jobs import enqueue, periodic_job, tenant_job, working

# The database was restarted under the job: it goes on where it was.
LOST_DATABASE = RetryStrategy(max_attempts=5, wait=2, retry_exceptions=[OperationalError, InterfaceError])


@tenant_job(bulk.RUN, retry=LOST_DATABASE)
def run_bulk(org: UUID, bulk: str) -> None:
    try:
        services.run_bulk(org, UUID(bulk))
    except (DataError, IntegrityError) as error:
        services.fail_bulk(org, UUID(bulk), f"The database does not take it ({str(error).partition(chr(10))[0]}).")


@periodic_job("findings.pick_up_bulks", cron="23 * * * *")
def pick_up_bulks() -> None:
    for org in working(lookups.all_orgs()):
        services.pick_up_bulks(org)


@tenant_job(weigh.WEIGH, retry=LOST_DATABASE)
def weigh_findings(org: UUID, asset: str = "") -> None:
    """After the rules of an organization or the facts of one asset changed."""
    if asset:
        services.weigh_asset(org, UUID(asset))
    else:
        services.weigh_everything(org)


@periodic_job("findings.follow_feeds", cron="*/5 * * * *")
def follow_feeds() -> None:
    """What the feeds say anew since each organization last heard of it."""
    for org in working(lookups.all_orgs()):
        services.follow_feeds(org)


@tenant_job(history.MEASURE, retry=LOST_DATABASE)
def measure(org: UUID) -> None:
    services.measure(org)
    services.settle(org)


@tenant_job(upkeep.SETTLE, retry=LOST_DATABASE)
def settle_findings(org: UUID, asset: str = "") -> None:
    services.settle(org, UUID(asset) if asset else None)


@periodic_job("findings.measure_all", cron="58 * * * *")
def measure_all() -> None:
    """One job for each organization, just before the hour: what happens later is of no day. One that fails stops no other."""
    for org in working(lookups.all_orgs()):
        enqueue(history.MEASURE, org=org, lock=f"measure:{org}")
