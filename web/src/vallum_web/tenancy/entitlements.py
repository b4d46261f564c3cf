"""What an organization is entitled to now, asked where a limit bites; and the one way to give and take plans."""

from collections.abc import Callable
from datetime import datetime

from vallum_web.tenancy import clock, plans
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Entitlement, Org
from vallum_web.tenancy.plans import Entitled, Given, What
from vallum_web.tenancy.scope import scope

SETTINGS = "settings"


class PlanFullError(ValueError):
    """The organization has as much of something as its plan includes, or is read-only; the message says what to do."""

    def __init__(self, message: str, what: What) -> None:
        super().__init__(message)
        self.what = what


def of(org: Org) -> Entitled:
    """Inside the organization's scope."""
    return plans.entitle(given(org), clock.now())


def given(org: Org) -> list[Given]:
    """All that counts for `plans.entitle`, of the past as well."""
    own = Given(source=SETTINGS, plan=org.plan, seats=org.seats)
    return [own, *(_given(row) for row in Entitlement.objects.of(org).order_by("source"))]


def hold(org: Org) -> Org:
    """The organization as it is now, its row locked until the transaction ends: what a plan limits is let in one by one."""
    held: Org = Org.objects.select_for_update(no_key=True).get(pk=org.pk)
    return held


def admit(org: Org, what: What, count: Callable[[], int]) -> None:
    """Raises PlanFullError unless one more fits. Where there is a limit the organization is held, so that two are counted in turn.

    While the organization is read-only nothing fits: not every door through which somebody or something comes has an
    action that is refused.
    """
    before = of(org)
    if before.read_only:
        raise PlanFullError(
            f"{org.name} is read-only until its open invoice is paid: an owner finds it under Settings, Plan.", what
        )
    if before.limit(what) is None:
        return
    org = hold(org)
    entitled, used = of(org), count()
    if plans.room(entitled, what, used=used):
        return
    todo = (
        "an owner has to add a seat first, under Settings, Plan"
        if what is What.MEMBERS
        else "retire one, or have an owner move to a larger plan, under Settings, Plan"
    )
    raise PlanFullError(
        f"{org.name} has as many {what} as its plan {entitled.plan.name} allows ({used}): {todo}.", what
    )


def settle(org: Org, *, grace: bool = False) -> None:
    """Say what the organization has anyway, with no end. `grace`: where that is less than before, its findings stay 14 days more."""
    with scope(org.pk):
        before = hold(org).plan
        agreed = Entitlement.objects.of(org).filter(source=Entitlement.Source.GRANT)
        if grace and plans.PLANS[before].rank > plans.PLANS[org.plan].rank and not agreed.exists():
            give(org, Given(source=Entitlement.Source.GRANT, plan=before, until=clock.now()))
        Org.objects.filter(pk=org.pk).update(plan=plans.PLANS[org.plan].id, seats=org.seats)
        emit("org.plan", org.pk, plan=org.plan, seats=org.seats)


def give(org: Org, wanted: Given) -> bool:
    """Put this in the place of what the same source gave before; whether anything changed. An event tells of it."""
    values = {
        "plan": plans.PLANS[wanted.plan].id,
        "seats": wanted.seats,
        "valid_until": wanted.until,
        "read_only_from": wanted.read_only_from,
    }
    with scope(org.pk):
        row = Entitlement.objects.of(org).select_for_update().filter(source=wanted.source).first()
        if row is not None and _given(row) == wanted:
            return False
        Entitlement.objects.update_or_create(org=org, source=wanted.source, defaults=values)
        emit("org.plan", org.pk, source=wanted.source, **{name: _plain(value) for name, value in values.items()})
        return True


def _given(row: Entitlement) -> Given:
    return Given(
        source=row.source, plan=row.plan, seats=row.seats, until=row.valid_until, read_only_from=row.read_only_from
    )


def _plain(value: str | float | datetime | None) -> str | float | None:
    return value.isoformat() if isinstance(value, datetime) else value
