"""Jobs about jobs."""

from procrastinate import JobContext
from procrastinate.contrib.django import app

STALLED_AFTER = 20.0


@app.periodic(cron="*/10 * * * * *")
@app.task(name="tenancy.retry_stalled", queue="default", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands every periodic task its time
    """Jobs of a worker that was killed begin again: nothing else would ever look at them."""
    for job in await context.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
        await context.app.job_manager.retry_job(job)
