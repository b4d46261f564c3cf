"""How far a plan is used, and what a smaller one would not hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from vallum_web.accounts import queries as people
from vallum_web.assets import queries as assets
from vallum_web.assets.services import COUNTED
from vallum_web.findings import queries as findings
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Finding
from vallum_web.scans import queries as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.plans import Entitled, Plan, What


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What is counted, how much there is, and how much there may be; None is any number."""

    what: What
    used: int
    most: int | None

    @property
    def full(self) -> bool:
        return self.most is not None and self.used >= self.most

    @property
    def over(self) -> int:
        return max(self.used - self.most, 0) if self.most is not None else 0


def used(org: Org) -> dict[What, int]:
    """In a fixed number of queries. What the platform does not know yet is not among them."""
    kinds = {what: assets.assets(org).filter(kind=kind).count() for kind, what in COUNTED.items()}
    return {What.MEMBERS: people.members(org).count(), **kinds}


def meters(org: Org, entitled: Entitled) -> Sequence[Meter]:
    return [Meter(what=what, used=number, most=entitled.limit(what)) for what, number in used(org).items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What an organization has that a smaller plan does not hold."""

    meters: Sequence[Meter]
    findings: int
    """Those that its shorter window would not have any more; counted no further than 10,001."""
    days: int

    @property
    def any(self) -> bool:
        return bool(self.findings) or any(meter.over for meter in self.meters)


def loss(org: Org, plan: Plan) -> Loss:
    """Members and assets above its limits stay, and no more come in; findings past its window go."""
    kept = [Meter(what=what, used=number, most=plan.limits[what]) for what, number in used(org).items()]
    return Loss(meters=kept, findings=_past(org, plan.window.most), days=plan.window.most)


def _past(org: Org, days: int) -> int:
    """Findings that no scan saw within so many days: resolved ones, and all of what was not looked at since."""
    since = clock.now() - timedelta(days=days)
    rows = findings.matching(org, Filters())
    ended = rows.filter(status=Finding.Status.RESOLVED, resolved_at__lt=since)
    asleep = rows.exclude(status=Finding.Status.RESOLVED).filter(asset__in=scans.unseen(org, assets.assets(org), since))
    return min(sum(findings.capped([ended, asleep])), findings.CAP + 1)
