"""The record as it was at scans: how many findings there were of which facts, in one pass over an asset's places.

What was there at a scan is what some place was seen at by then and not seen gone by then. Severity, confidence, risk and
the catalogue of what is exploited are today's; suppressions and ages are those of the moment.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from vallum_engine.gate.decide import EXPLOITABLE, Answer, Facts, offends
from vallum_engine.gate.policy import Policy
from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_web.advisories import queries as advisories
from vallum_web.scans.models import Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org

MOST_LISTED = 50
LONGEST = 500
"""Letters of a title or a path in an answer; the record has them all."""
MOST_POINTS = 31
"""Two bits of a bigint each."""
STALE = timedelta(days=7)
_SEVERITY = {severity.rank: severity for severity in Severity}
_CONFIDENCE = {confidence.rank: confidence for confidence in Confidence}


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What there is to compare with. `complete`: its silence proves that a finding was not there."""

    scan: Scan | None = None
    complete: bool = False
    beginning: bool = False
    """There was nothing before the day in question, so that everything is new."""
    why_not: str = ""
    """Why nobody knows what is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A question to the record: what was there at `scan`, with what was suppressed at `moment`."""

    scan: Scan | None
    """None: no scan that can speak, so that nothing is known to be there."""
    moment: datetime
    baseline: Baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Findings that share all that a policy asks about."""

    key: str
    kind: Kind
    severity: Severity
    confidence: Confidence
    risk: int | None
    fixable: bool
    exploited: date | None
    opened: date | None
    there: int
    """A bit for each scan."""
    hidden: int
    """A bit for each moment."""
    number: int


# Whole months of an asset in one statement: a bit of `there` for each scan, a bit of `hidden` for each moment.
_LABELLED = """
with asked as (select s, (1::bigint << (n - 1)::int) as bit from unnest(%(scans)s::uuid[]) with ordinality as t(s, n)),
moment as (select m, (1::bigint << (n - 1)::int) as bit from unnest(%(moments)s::timestamptz[]) with ordinality as t(m, n)),
place as (
  select o.finding_id, bit_or((
    select coalesce(sum(a.bit), 0)::bigint from asked a
    where o.first_scan_id <= a.s and (o.gone_scan_id is null or o.gone_scan_id > a.s)
  )) as there
  from findings_finding f join findings_occurrence o on o.org_id = %(org)s and o.finding_id = f.id
  where f.org_id = %(org)s and f.asset_id = %(asset)s group by o.finding_id
),
decided as (
  select d.finding_id, bit_or((
    select coalesce(sum(m.bit), 0)::bigint from moment m
    where d.made_at <= m.m and (d.lifted_at is null or d.lifted_at > m.m)
      and (d.until is null or d.until >= (m.m at time zone 'UTC')::date)
  )) as hidden
  from findings_finding f join findings_decision d on d.org_id = %(org)s and d.finding_id = f.id
  where f.org_id = %(org)s and f.asset_id = %(asset)s group by d.finding_id
),
fact as (
  select f.id, f.title, f.path, f.line, f.risk as weight, f.kind, f.severity, f.confidence,
    case when %(risk)s then f.risk end as risk,
    case when %(fixable)s then f.kind <> 'vulnerability' or coalesce(f.data #>> '{remediation,upgrade_to}', '') <> ''
      or jsonb_path_exists(f.data, '$.advisories[*].fixed[*]') else true end as fixable,
    t.kev_added as exploited,
    case when %(days)s then (greatest(f.opened_at, f.reopened_at) at time zone 'UTC')::date end as opened,
    p.there, coalesce(d.hidden, 0) as hidden
  from findings_finding f join place p on p.finding_id = f.id left join decided d on d.finding_id = f.id
  left join advisories_threat t on %(exploited)s and t.cve = f.cve and f.cve <> '' and t.kev_added is not null
    and f.kind = any(%(exploitable)s)
  where f.org_id = %(org)s and f.asset_id = %(asset)s and p.there <> 0
),
labelled as (
  select *, concat_ws('|', kind, severity, confidence, coalesce(risk::text, '-'), fixable, coalesce(exploited::text, '-'),
    coalesce(opened::text, '-'), there, hidden) as key
  from fact
)
"""
_GROUPS = (
    _LABELLED
    + """
select key, kind, severity, confidence, risk, fixable, exploited, opened, there, hidden, count(*) from labelled
group by key, kind, severity, confidence, risk, fixable, exploited, opened, there, hidden
"""
)
_LISTED = (
    _LABELLED
    + """
select id, left(title, %(longest)s), left(path, %(longest)s), line, severity, kind from labelled where key = any(%(keys)s)
order by severity desc, weight desc, id desc limit %(most)s
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A finding to show for an answer."""

    id: UUID
    title: str
    path: str
    line: int
    severity: str
    kind: str


class Record:
    """An asset's findings at some points, read once."""

    def __init__(self, org: Org, asset: UUID, policy: Policy, points: Sequence[Point]) -> None:
        if len(points) > MOST_POINTS:
            raise ValueError(f"{len(points)} points: at most {MOST_POINTS} at once")
        self._points = points
        scans = {scan.pk for point in points for scan in (point.scan, point.baseline.scan) if scan}
        self._bits = {scan: 1 << n for n, scan in enumerate(sorted(scans))}
        self._values: dict[str, Any] = {
            "org": org.pk,
            "asset": asset,
            "scans": sorted(scans),
            "moments": [point.moment for point in points],
            "risk": policy.min_risk > 0,
            "fixable": policy.fixable_only,
            "exploited": policy.no_exploited,
            "exploitable": sorted(EXPLOITABLE),
            "days": policy.min_days > 0,
        }
        self._policy = policy
        self._kev = _catalogue() if policy.no_exploited else False
        self._groups = self._read() if scans else ()

    def at(self, number: int) -> Iterable[tuple[Facts, int]]:
        """What was there at the point of this number, as a decision takes it."""
        return [(facts, group.number) for group, facts in self._at(number)]

    def offending(self, number: int, answer: Answer) -> Sequence[Listed]:
        """The worst of what is to be shown for the answer about this point."""
        keys = [group.key for group, facts in self._at(number) if offends(self._policy, facts, answer)]
        if not keys:
            return ()
        with _hashing() as cursor:
            cursor.execute(_LISTED, {**self._values, "keys": keys, "most": MOST_LISTED, "longest": LONGEST})
            return [
                Listed(id=row[0], title=row[1], path=row[2], line=row[3], severity=_SEVERITY[row[4]].value, kind=row[5])
                for row in cursor.fetchall()
            ]

    def offending_number(self, number: int, answer: Answer) -> int:
        return sum(group.number for group, facts in self._at(number) if offends(self._policy, facts, answer))

    def _read(self) -> Sequence[Group]:
        with _hashing() as cursor:
            cursor.execute(_GROUPS, self._values)
            return [_group(row) for row in cursor.fetchall()]

    def _at(self, number: int) -> Iterable[tuple[Group, Facts]]:
        point = self._points[number]
        bit = self._bits[point.scan.pk] if point.scan else 0
        return [(group, self._facts(group, point, 1 << number)) for group in self._groups if group.there & bit]

    def _facts(self, group: Group, point: Point, moment: int) -> Facts:
        day = point.moment.date()
        return Facts(
            kind=group.kind,
            severity=group.severity,
            confidence=group.confidence,
            fixable=group.fixable,
            suppressed=bool(group.hidden & moment),
            risk=group.risk,
            exploited=self._exploited(group, day),
            new=self._new(group, point.baseline),
            days=None if group.opened is None else (day - group.opened).days,
        )

    def _exploited(self, group: Group, day: date) -> bool | None:
        """What is in the catalogue is exploited, however old that is; what is not in an old one may be."""
        return True if group.exploited is not None and group.exploited <= day else (False if self._kev else None)

    def _new(self, group: Group, baseline: Baseline) -> bool | None:
        if baseline.beginning:
            return True
        if baseline.scan is None:
            return None
        if group.there & self._bits[baseline.scan.pk]:
            return False
        return True if baseline.complete else None


@contextmanager
def _hashing() -> Iterator[CursorWrapper]:
    """The statistics of an asset whose first scan has just ended are of before: by nested loops 20,000 findings take minutes."""
    with connection.cursor() as cursor:
        cursor.execute("set local enable_nestloop = off")
        yield cursor
        cursor.execute("set local enable_nestloop = on")


def _catalogue() -> bool:
    """Whether what is not in the catalogue of exploited vulnerabilities can be believed not to be exploited."""
    feed: Any = advisories.feeds().get("kev")
    return feed is not None and feed.rows > 0 and feed.as_of is not None and feed.as_of >= clock.now() - STALE


def _group(row: Sequence[Any]) -> Group:
    key, kind, severity, confidence, risk, fixable, exploited, opened, there, hidden, number = row
    return Group(
        key=key,
        kind=Kind(kind),
        severity=_SEVERITY[severity],
        confidence=_CONFIDENCE[confidence],
        risk=risk,
        fixable=fixable,
        exploited=exploited,
        opened=opened,
        there=there,
        hidden=hidden,
        number=number,
    )
