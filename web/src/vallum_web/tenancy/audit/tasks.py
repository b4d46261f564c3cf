"""The queue's door to the audit log."""

import logging
from collections.abc import Callable
from uuid import UUID

from django.db import DatabaseError

from vallum_web.tenancy import clock
from vallum_web.tenancy.audit import outside, queries, services
from vallum_web.tenancy.audit.errors import AuditError
from vallum_web.tenancy.jobs import periodic_job
from vallum_web.tenancy.lookups import all_orgs

log = logging.getLogger(__name__)


@periodic_job("audit.keep", cron="23 * * * *")
def keep() -> None:
    """Verify and attest each log once a day. What is twelve months old goes by retention; of organizations that are gone, here.

    Every hour, so that a machine that was off at midnight makes the day's checkpoint when it is on.
    """
    orgs = queries.audited()
    missing = queries.unattested(orgs, clock.now().date())
    points = outside.by_org() if missing else {}
    for org in missing:
        _alone(services.check, org, points.get(org, ()))
        _alone(services.attest_today, org)
    for org in set(orgs).difference(all_orgs()):
        _alone(services.prune, org)


def _alone(work: Callable[..., object], org: UUID, *arguments: object) -> None:
    """One log that cannot be kept in order leaves no other in disorder."""
    try:
        work(org, *arguments)
    except (AuditError, DatabaseError, OSError):
        log.exception("The audit log of %s could not be kept in order", org)
