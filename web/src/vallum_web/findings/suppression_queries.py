"""Reads of suppression rules, and what one would hide if it held: counted over the record, nothing written."""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import QuerySet

from vallum_web.findings import hiding, history_queries
from vallum_web.findings.models import Bulk, Finding, SuppressionRule
from vallum_web.findings.pattern import Pattern
from vallum_web.findings.queries import CAP, UNLISTED
from vallum_web.findings.services.bulk import OF_RULES
from vallum_web.findings.trying import trying
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import first_of
from vallum_web.tenancy.models import Org

LOOKED_BACK = timedelta(days=90)
MOST_WORST = 10
MOST_OVERLAPS = 10
MOST_PAST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A suppression rule, and how many findings it hides; none above `CAP + 1` is counted further."""

    rule: SuppressionRule
    words: str
    hides: int
    run: Bulk | None
    """The last action that brought findings under it, or out from under it."""

    @property
    def in_force(self) -> bool:
        until = self.rule.until
        return self.rule.lifted_at is None and (until is None or until >= clock.now().date())


def rules(org: Org) -> list[Line]:
    """Those in force, and after them those that have ended last."""
    every: QuerySet[SuppressionRule] = SuppressionRule.objects.of(org).select_related("asset")
    standing = list(hiding.in_force(org).select_related("asset").order_by("-pk"))
    past = every.exclude(pk__in=[rule.pk for rule in standing]).order_by("-pk")
    return _lines(org, [*standing, *past[:MOST_PAST]])


def rule(org: Org, key: UUID) -> Line:
    """Raises SuppressionRule.DoesNotExist."""
    (line,) = _lines(org, [SuppressionRule.objects.of(org).select_related("asset").get(pk=key)])
    return line


_HIDES = """
select r.id, (select count(*) from (
  select from findings_decision d where d.org_id = %(org)s and d.by_rule = r.id and d.lifted_at is null limit %(cap)s) counted)
from unnest(%(rules)s::uuid[]) r(id)
"""


def _lines(org: Org, rows: Sequence[SuppressionRule]) -> list[Line]:
    with connection.cursor() as cursor:
        cursor.execute(_HIDES, {"org": org.pk, "rules": [row.pk for row in rows], "cap": CAP + 1})
        hides = dict(cursor.fetchall())
    runs: dict[str, Bulk] = {}
    about = Bulk.objects.of(org).filter(verb__in=OF_RULES, arguments__rule__in=[str(row.pk) for row in rows])
    for run in about.order_by("pk"):
        runs[run.arguments["rule"]] = run
    return [Line(rule=row, words=words(row), hides=hides[row.pk], run=runs.get(str(row.pk))) for row in rows]


def words(row: SuppressionRule) -> str:
    return hiding.pattern_of(row).words(row.asset.name if row.asset else "")


def words_of(org: Org, keys: Sequence[UUID]) -> dict[UUID, str]:
    """What rules say, by their ids."""
    rows = SuppressionRule.objects.of(org).select_related("asset").filter(pk__in=keys) if keys else []
    return {row.pk: words(row) for row in rows}


def like(finding: Finding) -> dict[str, str]:
    """What a rule about findings like this one says: of a package its name, else where it is."""
    package = str(finding.data.get("package", {}).get("name", ""))
    return {"kind": finding.kind, "rule": finding.rule, **({"package": package} if package else {"path": finding.path})}


def alike(org: Org, keys: Sequence[UUID]) -> dict[str, str]:
    """What the findings have in common, as a rule says it; of paths the folder that all are in."""
    rows = list(Finding.objects.of(org).filter(pk__in=keys).only("kind", "rule", "path", "data", "asset"))
    said = [{**like(row), "asset": str(row.asset_id)} for row in rows]
    shared = (
        {name: each for name, each in said[0].items() if all(other.get(name) == each for other in said)} if said else {}
    )
    folder = "" if any("package" in each for each in said) else _folder([row.path for row in rows])
    if folder and "path" not in shared:
        shared["path"] = f"{folder}/**"
    return shared


def _folder(paths: Sequence[str]) -> str:
    """The folder that all are in; empty where there is none, as of a path from the root beside one that is not."""
    if len({path.startswith("/") for path in paths}) != 1:
        return ""
    return posixpath.commonpath(paths).rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Another rule that hides some of the same."""

    rule: UUID
    words: str
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a rule would do to the record as it is, and would have done to what was opened in the last 90 days."""

    open: int
    """What it would hide now."""
    severities: dict[str, int]
    risk: int
    """The risk of what it would hide, added up: the real score keeps it."""
    real: int
    """The real score: of all that is open or hidden."""
    suppressed: int
    """What fits and is hidden already."""
    recent: int
    """What fits of those opened in the last 90 days."""
    fixed: int
    """Of these, what somebody has fixed since."""
    worst: Sequence[Finding]
    fixed_worst: Sequence[Finding]
    overlaps: Sequence[Overlap]

    @property
    def share(self) -> float:
        """How much of the real risk it would hide, in percent."""
        return 100 * self.risk / self.real if self.real else 0.0


# Fixed: resolved, and not because the file is gone.
_PREVIEW = """
with fitting as materialized (
  select f.id, f.status, f.ending, f.severity, f.risk, f.opened_at >= %(since)s as recent
  from findings_finding f where f.org_id = %(org)s and f.status in ('open', 'suppressed') and {fits}
  union all
  select f.id, f.status, f.ending, f.severity, f.risk, true
  from findings_finding f where f.org_id = %(org)s and f.status = 'resolved' and f.id >= %(key)s and f.opened_at >= %(since)s and {fits}
), counted as (
  select status, severity, count(*) as number, sum(risk) as risk, count(*) filter (where recent) as recent,
    count(*) filter (where ending = 'fixed') as fixed from fitting group by status, severity
)
select
  (select coalesce(jsonb_agg(to_jsonb(c)), '[]') from counted c),
  array(select id from fitting where status = 'open' order by risk desc, id desc limit %(worst)s),
  array(select id from fitting where ending = 'fixed' order by risk desc, id desc limit %(worst)s),
  (select coalesce(jsonb_agg(jsonb_build_array(rule, findings)), '[]') from (
    select d.by_rule as rule, count(distinct d.finding_id) as findings from fitting t
    join findings_decision d on d.org_id = %(org)s and d.finding_id = t.id and d.by_rule is not null and d.lifted_at is null
      and (d.until is null or d.until >= %(today)s)
    where t.status = 'suppressed' group by d.by_rule order by 2 desc, 1 limit %(overlaps)s) o)
"""


def preview(org: Org, wanted: Pattern) -> Preview:
    """Raises TooManyToTryError."""
    now = clock.now()
    condition, asked = hiding.fits(wanted)
    values: dict[str, Any] = {
        **asked,
        "org": org.pk,
        "since": now - LOOKED_BACK,
        "key": first_of(now - LOOKED_BACK - timedelta(days=1)),  # made before it is opened
        "today": now.date(),
        "worst": MOST_WORST,
        "overlaps": MOST_OVERLAPS,
    }
    with trying(org) as cursor:
        cursor.execute(_PREVIEW.format(fits=condition), values)
        counted, worst, fixed, overlaps = cursor.fetchone()
        real = history_queries.scores(org).real
    return Preview(
        **_counts(orjson.loads(counted)),
        real=real,
        worst=_findings(org, worst),
        fixed_worst=_findings(org, fixed),
        overlaps=_overlaps(org, orjson.loads(overlaps)),
    )


def _counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """From how many there are of each status and severity."""
    hidden = [row for row in rows if row["status"] == Finding.Status.OPEN]
    by_rank = {row["severity"]: row["number"] for row in hidden}
    return {
        "open": sum(by_rank.values()),
        "severities": {severity.label: by_rank.get(severity.value, 0) for severity in Finding.Severity},
        "risk": sum(row["risk"] for row in hidden),
        "suppressed": sum(row["number"] for row in rows if row["status"] == Finding.Status.SUPPRESSED),
        "recent": sum(row["recent"] for row in rows),
        "fixed": sum(row["fixed"] for row in rows),
    }


def _findings(org: Org, keys: Sequence[UUID]) -> list[Finding]:
    found = Finding.objects.of(org).select_related("asset").defer(*UNLISTED).in_bulk(keys)
    return [found[key] for key in keys]


def _overlaps(org: Org, rows: Sequence[tuple[str, int]]) -> list[Overlap]:
    told = words_of(org, [UUID(key) for key, _ in rows])
    return [Overlap(rule=UUID(key), words=told[UUID(key)], findings=number) for key, number in rows]
