"""For how long an organization keeps its findings: its plan's bounds, and what it chose within them."""

from datetime import timedelta
from uuid import UUID

from vallum_web.tenancy import clock, entitlements
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.plans import Window
from vallum_web.tenancy.retention.models import Keeping
from vallum_web.tenancy.scope import scope


class OutOfBoundsError(ValueError):
    """The plan does not allow so many days; the message says which it does."""


def kept(org: Org) -> timedelta:
    """Inside the organization's scope. What it chose, or the usual of its plan; never outside of the plan's bounds."""
    window = entitlements.of(org).window
    return timedelta(days=bounded(window, chosen(org)))


def chosen(org: Org) -> int | None:
    found: int | None = Keeping.objects.of(org).values_list("days", flat=True).first()
    return found


def bounded(window: Window, days: int | None) -> int:
    return min(max(days or window.usual, window.least), window.most)


def choose(org: Org, by: UUID, days: int) -> None:
    """Raises OutOfBoundsError. What is older than the new window goes with the next run."""
    with scope(org.pk, user=by):
        window = entitlements.of(org).window
        if days != bounded(window, days):
            raise OutOfBoundsError(f"The plan keeps findings for {window.least:,} to {window.most:,} days.")
        before = bounded(window, chosen(org))
        values = {"days": days, "chosen_at": clock.now(), "chosen_by": by}
        Keeping.objects.update_or_create(org=org, defaults=values)
        emit("org.keeping", org.pk, days=days, before=before)
