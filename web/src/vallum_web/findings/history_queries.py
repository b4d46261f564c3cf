"""What the record adds up to: scores, what changed since a moment, days, times to resolve, and the fixes that remove most.

Each question walks one index and ends at a limit, so that a page asks them of a million findings as of ten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from vallum_web.findings import tallies
from vallum_web.findings.models import Finding
from vallum_web.findings.queries import CAP
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import first_of
from vallum_web.tenancy.models import Org

MONTH = timedelta(days=30)
MOST_FIXES = 10
_COLUMNS = (
    "day",
    "open",
    "suppressed",
    "risk_open",
    "risk_suppressed",
    "opened",
    "reopened",
    "resolved",
    "measured_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The record on one day, all severities together."""

    day: date
    open: int
    suppressed: int
    risk_open: int
    risk_suppressed: int
    opened: int
    reopened: int
    resolved: int
    measured_at: datetime

    @property
    def real(self) -> int:
        return self.risk_open + self.risk_suppressed


_DAYS = """
select day, sum(open), sum(suppressed), sum(risk_open), sum(risk_suppressed), sum(opened), sum(reopened), sum(resolved),
  max(measured_at)
from findings_day where org_id = %(org)s and day >= %(since)s group by day order by day
"""


def days(org: Org, *, since: date) -> list[Total]:
    """The history from a day on, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, {"org": org.pk, "since": since})
        rows = cursor.fetchall()
    return [Total(**dict(zip(_COLUMNS, (day, *map(int, sums), at), strict=True))) for day, *sums, at in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Risk points: the risks of findings, added up. A decision lowers `after` and never `real`."""

    real: int
    after: int


def scores(org: Org) -> Scores:
    known = tallies.of(org)
    after = known.risk(Finding.Status.OPEN)
    return Scores(real=after + known.risk(Finding.Status.SUPPRESSED), after=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How many findings were opened, came back, ended, were hidden since a moment; none is counted past the cap."""

    since: datetime
    opened: int
    reopened: int
    resolved: int
    hidden: int

    @property
    def any(self) -> bool:
        return any((self.opened, self.reopened, self.resolved, self.hidden))


_SINCE = """
select
  (select count(*) from (select from findings_finding where org_id = %(org)s and id >= %(key)s limit %(cap)s) c),
  (select count(*) from (select from findings_finding
    where org_id = %(org)s and reopened_at is not null and reopened_at >= %(since)s limit %(cap)s) c),
  (select count(*) from (select from findings_finding
    where org_id = %(org)s and status = 'resolved' and resolved_at >= %(since)s limit %(cap)s) c),
  (select count(distinct finding_id) from (select finding_id from findings_decision
    where org_id = %(org)s and id >= %(key)s and lifted_at is null limit %(cap)s) c)
"""


def changes(org: Org, since: datetime) -> Changes:
    values: dict[str, Any] = {"org": org.pk, "since": since, "key": first_of(since), "cap": CAP + 1}
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, values)
        opened, reopened, resolved, hidden = cursor.fetchone()
    return Changes(since=since, opened=opened, reopened=reopened, resolved=resolved, hidden=hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """How long what was resolved within 30 days had been open, in seconds; of the last ones, where there are more than the cap."""

    resolved: int
    mean: float | None
    median: float | None


_TOOK = """
select w.number, t.resolved, t.mean, t.median
from unnest(%(from)s::timestamptz[], %(to)s::timestamptz[]) with ordinality w(since, until, number)
cross join lateral (
  select count(*) as resolved, avg(seconds) as mean, percentile_cont(0.5) within group (order by seconds) as median from (
    select extract(epoch from resolved_at - greatest(opened_at, reopened_at)) as seconds from findings_finding
    where org_id = %(org)s and status = 'resolved' and resolved_at >= w.since and resolved_at < w.until
    order by resolved_at desc limit %(cap)s) l
) t order by w.number
"""


def took(org: Org) -> tuple[Took, Took]:
    """Of the last 30 days, and of the 30 before them."""
    now = clock.now() + timedelta(seconds=1)  # what ended this very moment too
    values: dict[str, Any] = {
        "org": org.pk,
        "from": [now - MONTH, now - 2 * MONTH],
        "to": [now, now - MONTH],
        "cap": CAP + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TOOK, values)
        rows = cursor.fetchall()
    last, before = (Took(resolved=number, mean=_float(mean), median=_float(median)) for _, number, mean, median in rows)
    return last, before


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One thing to do, and what it removes."""

    key: str
    package: str
    upgrade_to: str
    """Empty: there is no package to raise, and it is one rule's findings."""
    rule: str
    title: str
    findings: int
    risk: int


# Of each fix one finding is looked at more closely, the worst: all of them share what is shown.
_FIXES = """
select n.fix, n.findings, n.risk, f.package, coalesce(f.data #>> '{remediation,upgrade_to}', ''), f.rule, f.title
from (
  select fix, count(*) as findings, sum(risk) as risk from (
    select fix, risk from findings_finding where org_id = %(org)s and status = 'open' order by risk desc, id desc limit %(cap)s
  ) worst group by fix order by sum(risk) desc, fix limit %(most)s
) n cross join lateral (
  select package, data, rule, title from findings_finding
  where org_id = %(org)s and fix = n.fix and status = 'open' order by risk desc, id desc limit 1
) f order by n.risk desc, n.fix
"""


def fixes(org: Org) -> Sequence[Fix]:
    """What removes the most risk, the most first; above the cap only the findings of highest risk are weighed."""
    with connection.cursor() as cursor:
        cursor.execute(_FIXES, {"org": org.pk, "cap": CAP, "most": MOST_FIXES})
        rows = cursor.fetchall()
    return [
        Fix(
            key=key,
            package=package if upgrade else "",
            upgrade_to=upgrade if package else "",
            rule=rule,
            title=title,
            findings=number,
            risk=int(risk),
        )
        for key, number, risk, package, upgrade, rule, title in rows
    ]
