"""The queue's door to archives."""

from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy

from vallum_web.privacy.exports import queries, services, work
from vallum_web.privacy.exports.models import OrgExport, PersonExport
from vallum_web.tenancy import lookups
from vallum_web.tenancy.jobs import is_leaving, lone_job, periodic_job, tenant_job
from vallum_web.tenancy.scope import Purpose, meant_for

# The database was restarted under the job: it begins again, and an attempt is counted.
LOST_DATABASE = RetryStrategy(max_attempts=10, wait=2, retry_exceptions=[OperationalError, InterfaceError])


@lone_job(services.OF_PERSON, retry=LOST_DATABASE)
def write_of_person(person: str, export: str) -> None:
    with _seeing(UUID(person)):
        work.run(PersonExport, UUID(person), UUID(export))


@tenant_job(services.OF_ORG, of_right=True, retry=LOST_DATABASE)
def write_of_org(org: UUID, export: str) -> None:
    with _seeing(org):
        work.run(OrgExport, org, UUID(export))


def _seeing(owner: UUID) -> AbstractContextManager[None]:
    """Who is being deleted has a right to a copy until they are: everyday work would find nothing of theirs."""
    return meant_for(Purpose.PRIVACY) if is_leaving(owner) else nullcontext()


@periodic_job("privacy.exports_hourly", cron="37 * * * *")
def hourly() -> None:
    """What nothing refers to goes; what nobody works on any more is taken up."""
    for org in lookups.all_orgs():
        services.sweep(OrgExport, org)
        services.pick_up(OrgExport, org)
    for key in queries.with_exports():
        services.sweep(PersonExport, key)
        services.pick_up(PersonExport, key)
