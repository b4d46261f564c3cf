"""Going through all organizations: what one meets stops no other."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from vallum_web.tenancy import clock, jobs, lookups

log = logging.getLogger(__name__)


class NotLookedAtError(Exception):
    """Some organizations could not be looked at; the log says which, and why."""


def look(at: Callable[[UUID, datetime], object]) -> None:
    """Raises NotLookedAtError in the end, so that the job is seen to have failed."""
    failed = 0
    for org in jobs.staying(lookups.all_orgs()):
        try:
            at(org, clock.now())
        except Exception:  # whatever it meets there is that organization's alone
            log.exception("%s.%s failed for %s", at.__module__, at.__qualname__, org)
            failed += 1
    if failed:
        raise NotLookedAtError(f"Organizations that could not be looked at: {failed}.")
