"""What of an organization's findings goes when: read from the days on which they were last seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Sum

from vallum_web.findings.models import SeenOn
from vallum_web.findings.services import expiring
from vallum_web.tenancy import clock, entitlements
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.plans import Window
from vallum_web.tenancy.retention import holds, windows
from vallum_web.tenancy.retention.models import Hold, RetentionRun

AHEAD = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """On one day, of that many findings the time is over unless a scan sees them before."""

    day: date
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    days: int
    window: Window
    plan: str
    going: Sequence[Going]
    most: int
    """On the fullest of these days."""
    holds: Sequence[Hold]
    """Without those of which the organization may not be told."""
    last: RetentionRun | None


def keeping(org: Org) -> Keeping:
    """Inside the organization's scope."""
    entitled = entitlements.of(org)
    days = windows.bounded(entitled.window, windows.chosen(org))
    going = goes(org, days)
    return Keeping(
        days=days,
        window=entitled.window,
        plan=entitled.plan.name,
        going=going,
        most=max((line.findings for line in going), default=0),
        holds=[hold for hold in holds.in_force(org.pk) if not hold.silent],
        last=RetentionRun.objects.filter(rule=expiring.RULE).order_by("-at").first(),
    )


def goes(org: Org, days: int) -> Sequence[Going]:
    """Day by day for the next thirty; what is over already goes today."""
    today = clock.now().date()
    found: dict[date, int] = {}
    seen = SeenOn.objects.of(org).filter(day__lte=today + AHEAD - timedelta(days=days))
    for day, findings in seen.order_by("day").values("day").annotate(n=Sum("findings")).values_list("day", "n"):
        on = max(day + timedelta(days=days), today)
        found[on] = found.get(on, 0) + int(findings)
    return [Going(day=day, findings=n) for day, n in sorted(found.items())]


def over(org: Org, days: int) -> tuple[int, datetime]:
    """How many findings would go at once if they were kept for so many days, at most, and since when unseen."""
    before = clock.now() - timedelta(days=days)
    return expiring.due_within(org.pk, before), before
