"""Jobs about jobs, and about limits."""

from uuid import UUID

from procrastinate import JobContext
from procrastinate.contrib.django import app

from vallum_web.tenancy import repeats, tombstones
from vallum_web.tenancy.jobs import QUEUE, periodic_job, restart_stalled, tenant_job
from vallum_web.tenancy.keyring import rotation
from vallum_web.tenancy.limits import gate, refusals
from vallum_web.tenancy.lookups import all_orgs
from vallum_web.tenancy.requestlog import services

FAILED_KEPT_HOURS = 7 * 24


@app.periodic(cron="*/10 * * * * *")
@app.task(name="tenancy.restart_stalled", queue=QUEUE, pass_context=True)
async def stalled(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands every periodic task its time
    await restart_stalled(context.app, own=context.additional_context.get("own", ()))


@app.periodic(cron="17 * * * *")
@app.task(name="tenancy.forget_failed", queue=QUEUE, pass_context=True)
async def forget_failed(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - as above
    """Jobs that failed are kept for a week, for whoever looks into them; those that succeeded go at once."""
    await context.app.job_manager.delete_old_jobs(nb_hours=FAILED_KEPT_HOURS, include_failed=True)


@tenant_job(rotation.TASK)
def rotate_keys(org: UUID, version: int) -> None:
    rotation.rotate(org, version)


@periodic_job("tenancy.rotate_due", cron="41 * * * *")
def rotate_due() -> None:
    rotation.ask_due()


@periodic_job("tenancy.settle_tombstones", cron="37 * * * *")
def settle_tombstones() -> None:
    """Say of what a crash left open whether it happened; forget what no backup holds any more."""
    tombstones.settle()
    tombstones.prune()


@periodic_job("tenancy.forget_limits", cron="19 * * * *")
def forget_limits() -> None:
    """What no limit counts any more, and refusals of more than a week ago."""
    gate.prune()
    for org in all_orgs():
        refusals.prune(org)


@periodic_job("tenancy.forget_requests", cron="23 * * * *")
def forget_requests() -> None:
    services.prune()


@periodic_job("tenancy.forget_repeats", cron="29 * * * *")
def forget_repeats() -> None:
    """What machines may repeat is kept for a day."""
    repeats.prune()
