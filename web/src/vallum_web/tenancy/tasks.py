"""Jobs about jobs, keys and tombstones."""

from uuid import UUID

from procrastinate import JobContext
from procrastinate.contrib.django import app

from vallum_web.tenancy import tombstones
from vallum_web.tenancy.jobs import QUEUE, periodic_job, restart_stalled, tenant_job
from vallum_web.tenancy.keyring import rotation

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
