"""Suppression rules over the record, as set statements: what one hides, and what it hides no more.

A rule hides what fits its pattern, and only for as long as it does: what becomes worse than the rule says, is exploited, or
turns up in a second place that the rule does not name, counts again. What a person let count again, the rule leaves alone.
"""

from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import QuerySet

from vallum_web.findings import pattern
from vallum_web.findings.models import SuppressionRule
from vallum_web.findings.pattern import Pattern
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org

# All places where it is, or was when it ended: a secret in a test and in the product is not one of the tests.
_PLACES = """f.path ~ %(path)s and not exists (
    select from findings_occurrence o where o.org_id = %(org)s and o.finding_id = f.id
      and (o.gone_scan_id is null or f.status = 'resolved') and o.path !~ %(path)s)"""

# A word that a person took back is an exception that stays; one that the rule itself took back is not.
UNDECIDED = """not exists (
    select from findings_decision d where d.org_id = %(org)s and d.finding_id = f.id and d.by_rule = %(by_rule)s
      and (d.lifted_at is null or d.lifted_by is not null))"""

KEYS = "f.id = any(%(keys)s)"
_TOUCHED_ONES = "f.asset_id = %(of_digest)s and f.id in (select id from touched)"
FEW = 2_000

# What a digest wrote may fit a rule now, or no longer: new, back, changed, or in other places than before.
_TOUCHED = """
create temp table touched on commit drop as
select coalesce(found, id) as id from matched where found is null or differs or was = 'resolved'
union select finding_id from ended
union select coalesce(m.found, m.id) from staged_place p join matched m using (target)
left join standing o on o.finding_id = m.found and o.ruleset = p.ruleset and o.path = p.path and o.line = p.line
where o.id is null
"""
# In the order of their ids, whoever locks several: nobody waits in a circle.
_LOCK = """
select coalesce(array_agg(id), '{{}}') from (
  select f.id from findings_finding f where f.org_id = %(org)s and {which} order by f.id for no key update
) locked
"""
_HIDE = """
with fitting as (
  select f.id, f.status from findings_finding f
  where f.org_id = %(org)s and {which} and f.status <> 'resolved' and {fits} and {undecided}
), decided as (
  insert into findings_decision (id, org_id, finding_id, reason, justification, note, until, by, bulk, by_rule, made_at)
  select vallum_uuid7(), %(org)s, id, %(reason)s, %(justification)s, %(note)s, %(until)s, %(by)s, %(bulk)s, %(by_rule)s, %(now)s
  from fitting returning id, finding_id
), told as (
  insert into tenancy_event (id, org_id, kind, at, actor, subject, data, transaction)
  select vallum_uuid7(), %(org)s, 'finding.suppressed', %(now)s, %(actor)s, finding_id,
    %(data)s::jsonb || jsonb_build_object('decision', id), pg_current_xact_id()::text::bigint from decided
), changed as (
  update findings_finding f set status = 'suppressed', changed_at = %(now)s from fitting t
  where f.org_id = %(org)s and f.id = t.id and t.status = 'open' returning f.id
)
select count(*) from changed
"""
# From the findings to their decisions: the other way, each of the rule's decisions would be looked for among the findings.
_RELEASE = """
with held as materialized (
  select f.id from findings_finding f where f.org_id = %(org)s and {which} and f.status <> 'resolved'
), mine as materialized (
  select d.id, d.finding_id from held join findings_decision d
    on d.org_id = %(org)s and d.finding_id = held.id and d.by_rule = %(by_rule)s and d.lifted_at is null
), lifted as (
  update findings_decision d set lifted_at = %(now)s from mine join findings_finding f on f.org_id = %(org)s and f.id = mine.finding_id
  where d.org_id = %(org)s and d.id = mine.id and not ({fits})
  returning d.id, d.finding_id
), told as (
  insert into tenancy_event (id, org_id, kind, at, actor, subject, data, transaction)
  select vallum_uuid7(), %(org)s, 'finding.unsuppressed', %(now)s, null, finding_id,
    %(data)s::jsonb || jsonb_build_object('decisions', jsonb_agg(id order by id)), pg_current_xact_id()::text::bigint
  from lifted group by finding_id
), changed as (
  update findings_finding f set status = 'open', changed_at = %(now)s from lifted l
  where f.org_id = %(org)s and f.id = l.finding_id and f.status = 'suppressed' and not exists (
    select from findings_decision d where d.org_id = %(org)s and d.finding_id = f.id and d.lifted_at is null
      and d.id not in (select id from lifted) and (d.until is null or d.until >= %(today)s))
  returning f.id
)
select count(*) from changed
"""


def fits(wanted: Pattern) -> tuple[str, dict[str, Any]]:
    """Whether a finding `f` fits, as a condition (the cheap parts first) and its values."""
    parts = ["f.severity <= %(severity)s"]
    values: dict[str, Any] = {"severity": wanted.severity}
    if not wanted.exploited:
        parts.append("not f.exploited")
    for column, name, value in (("kind", "of_kind", wanted.kind), ("cve", "of_cve", wanted.cve)):
        if value:
            parts.append(f"f.{column} = %({name})s")
            values[name] = value
    if wanted.asset:
        parts.append("f.asset_id = %(of_asset)s")
        values["of_asset"] = wanted.asset
    if wanted.rule:
        parts.append("f.rule = %(rule)s" if pattern.exact(wanted.rule) else "f.rule ~ %(rule)s")
        values["rule"] = wanted.rule if pattern.exact(wanted.rule) else pattern.of_rule(wanted.rule)
    if wanted.package:
        parts.append("f.package ~ %(package)s")
        values["package"] = pattern.of_package(wanted.package)
    if wanted.path:
        parts.append(_PLACES)
        values["path"] = pattern.of_path(wanted.path)
    return " and ".join(parts), values


def pattern_of(rule: SuppressionRule) -> Pattern:
    names = ("kind", "rule", "path", "package", "cve", "severity", "exploited")
    return Pattern(asset=rule.asset_id, **{name: getattr(rule, name) for name in names})


def in_force(org: Org | UUID) -> QuerySet[SuppressionRule]:
    """The rules that hide something today, the first made first."""
    rows: QuerySet[SuppressionRule] = SuppressionRule.objects.of(org).filter(lifted_at=None)
    return rows.exclude(until__lt=clock.now().date()).order_by("pk")


def hide(rule: SuppressionRule, which: str, *, bulk: UUID | None = None, **values: Any) -> int:
    """Hide what fits of `which` findings, whose rows the caller holds; how many counted until now.

    `bulk`: the action on many findings that it is a part of, in the name of whoever asked for it.
    """
    condition, asked = fits(pattern_of(rule))
    statement = _HIDE.format(which=which, fits=condition, undecided=UNDECIDED)
    until = rule.until.isoformat() if rule.until else None
    told = {"rule": str(rule.pk), "reason": rule.reason, "until": until, **({"bulk": str(bulk)} if bulk else {})}
    return _run(statement, rule, {**asked, **values, "bulk": bulk, "actor": rule.by if bulk else None}, told)


def _release(rule: SuppressionRule, which: str, **values: Any) -> int:
    condition, asked = fits(pattern_of(rule))
    return _run(_RELEASE.format(which=which, fits=condition), rule, {**asked, **values}, {"unlike": str(rule.pk)})


def _run(statement: str, rule: SuppressionRule, values: dict[str, Any], told: dict[str, str | None]) -> int:
    now = clock.now()
    own: dict[str, Any] = {name: getattr(rule, name) for name in ("reason", "justification", "note", "until", "by")}
    given: dict[str, Any] = {
        "org": rule.org_id,
        "by_rule": rule.pk,
        "now": now,
        "today": now.date(),
        "data": orjson.dumps(told).decode(),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, {**own, **given, **values})
        return int(cursor.fetchone()[0])


def lock(org: UUID, which: str, **values: Any) -> list[UUID]:
    """Hold the rows of `which` findings of assets that the caller holds: what is read of their decisions then stays true.

    A digest holds its asset and writes the findings in no order, so that nobody else may hold several without it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(which=which), {"org": org, **values})
        return list(cursor.fetchone()[0])


def follow(org: UUID, which: str, **values: Any) -> None:
    """After `which` findings changed: let the rules in force hide what fits by now, and let go of what no longer does."""
    rules = list(in_force(org))
    if not rules:
        return
    lock(org, which, **values)
    for rule in rules:
        _release(rule, which, **values)
    for rule in rules:
        hide(rule, which, **values)


def follow_digest(org: UUID, asset: UUID) -> None:
    """The same of what a digest of the asset wrote, by its temporary tables, before it ends."""
    if not in_force(org).exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED)
        cursor.execute("analyze touched")
        cursor.execute("select array_agg(id) from (select id from touched limit %s) first", [FEW + 1])
        keys = cursor.fetchone()[0] or []
        if len(keys) > FEW:
            follow(org, _TOUCHED_ONES, of_digest=asset)
        else:  # a merge goes without nested loops; from a few rows they are the way that does not read all
            cursor.execute("set local enable_nestloop = on")
            follow(org, KEYS, keys=keys)
        cursor.execute("drop table touched")
