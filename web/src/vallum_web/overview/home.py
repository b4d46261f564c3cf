"""The first page: what matters now, what changed, how it goes, and what to do next. A fixed number of bounded questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from vallum_web.assets import queries as assets
from vallum_web.assets.models import Asset
from vallum_web.findings import counting
from vallum_web.findings import history_queries as history
from vallum_web.findings import queries as findings
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Finding
from vallum_web.overview.queries import AssetLine, lines
from vallum_web.scans import queries as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org

SHOWN_ASSETS = 12
SHOWN_UNSEEN = 5
LATELY = timedelta(days=7)
CHARTED = 90
URGENT = {
    "overdue": Filters(due="overdue", sort="due"),
    "week": Filters(due="week", sort="due"),
    "exploited": Filters(exploited=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What is looked at, and what is not."""

    standing: scans.Standing
    unseen: Sequence[Asset]
    """Some that no scan of the last days looked at, by name."""
    more_unseen: int
    """How many there are beyond these."""
    last: Scan | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """All that the first page shows."""

    open: counting.Counts
    urgent: Mapping[str, int]
    newest: Sequence[Finding]
    assets: Sequence[AssetLine]
    coverage: Coverage
    scores: history.Scores
    changes: history.Changes | None
    days: Sequence[history.Total]
    chart: Mapping[str, Sequence[float | None]]
    chart_days: Sequence[str]
    took: history.Took
    took_before: history.Took
    fixes: Sequence[history.Fix]


def home(org: Org, since: datetime | None) -> Home:
    every = assets.assets(org)
    today = clock.now().date()
    days = history.days(org, since=today - timedelta(days=CHARTED - 1))
    took, took_before = history.took(org)
    return Home(
        open=counting.counts(org, Filters()),
        urgent=_urgent(org),
        newest=findings.newest(org),
        assets=lines(org, list(every[:SHOWN_ASSETS])),
        coverage=_coverage(org),
        scores=history.scores(org),
        changes=history.changes(org, since) if since else None,
        days=days,
        chart=charted(days),
        chart_days=[day.isoformat() for day in spanned(days)],
        took=took,
        took_before=took_before,
        fixes=history.fixes(org),
    )


def _urgent(org: Org) -> dict[str, int]:
    sets = [findings.matching(org, filters) for filters in URGENT.values()]
    return dict(zip(URGENT, findings.capped(sets), strict=True))


def _coverage(org: Org) -> Coverage:
    every = assets.assets(org)
    unseen = scans.unseen(org, every, clock.now() - LATELY)
    shown = list(unseen[:SHOWN_UNSEEN])
    return Coverage(
        standing=scans.standing(org),
        unseen=shown,
        more_unseen=unseen.count() - len(shown),
        last=scans.last_finished(org),
    )


def spanned(days: Sequence[history.Total]) -> list[date]:
    """Every day from the first that was measured to the last."""
    known = [total.day for total in days]
    first, last = min(known, default=date.max), max(known, default=date.min)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def charted(days: Sequence[history.Total]) -> dict[str, list[float | None]]:
    """Both scores for each day from the first to the last; a day that nobody measured is a gap, not a guess."""
    if not days:
        return {}
    known = {total.day: total for total in days}
    every = [known.get(day) for day in spanned(days)]
    return {
        "Real risk": [total.real if total else None for total in every],
        "After decisions": [total.risk_open if total else None for total in every],
    }
