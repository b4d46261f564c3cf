"""The queue's door to exports."""

from uuid import UUID

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy

from vallum_web.reports import services, work
from vallum_web.tenancy import lookups
from vallum_web.tenancy.jobs import periodic_job, tenant_job

# The database was restarted under the job: it begins again, and an attempt is counted.
LOST_DATABASE = RetryStrategy(max_attempts=5, wait=2, retry_exceptions=[OperationalError, InterfaceError])


@tenant_job(services.WRITE, retry=LOST_DATABASE)
def write_export(org: UUID, export: str) -> None:
    work.run(org, UUID(export))


@periodic_job("reports.hourly", cron="29 * * * *")
def hourly() -> None:
    """What nothing refers to goes; what nobody works on any more is taken up."""
    for org in lookups.all_orgs():
        services.sweep(org)
        services.pick_up(org)
