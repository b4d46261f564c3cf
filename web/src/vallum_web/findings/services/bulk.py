"""One action on many findings: in parts of a few thousand, each a transaction; what broke off goes on at its cursor."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.http import QueryDict
from psycopg.errors import LockNotAvailable

from vallum_web.assets.models import Asset
from vallum_web.findings import hiding, queries
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Bulk, Decision, Finding, SuppressionRule
from vallum_web.findings.services.decide import assigned, receivers, said
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import enqueue
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

RUN = "findings.run_bulk"
PART = 2_000
AT_ONCE = 200
"""So many chosen one by one are done while the person waits."""
AT_ONCE_PATIENCE = "5s"
"""What is held for longer, as a digest of many findings holds its asset, makes a job of it."""
MOST_KEYS = 1_000
LOST_AFTER = timedelta(hours=1)

_PATIENCE = """
select set_config('lock_timeout', %(patience)s, true), set_config('statement_timeout', '30min', true)
"""
# Each touches the rows that it changes and no other, and writes an event for each: what all have in common, and `facts`.
_EVENTS = """
insert into tenancy_event (id, org_id, kind, at, actor, subject, data, transaction)
select vallum_uuid7(), %(org)s, %(kind)s, %(now)s, %(by)s, id, %(data)s::jsonb || facts, pg_current_xact_id()::text::bigint
from told
"""
_SUPPRESS = """
with changed as (
  update findings_finding f set status = 'suppressed', changed_at = %(now)s
  where f.org_id = %(org)s and f.id = any(%(keys)s) and f.status = 'open' returning f.id
), decided as (
  insert into findings_decision (id, org_id, finding_id, reason, justification, note, until, by, bulk, made_at)
  select vallum_uuid7(), %(org)s, id, %(reason)s, %(justification)s, %(note)s, %(until)s, %(by)s, %(bulk)s, %(now)s from changed
  returning id, finding_id
), told as (
  select finding_id as id, jsonb_build_object('decision', id) as facts from decided
)
"""
# Only the decisions of the action that is undone, or of the rule that is lifted, or all; what others decided goes on hiding.
_LIFT = """
with lifted as (
  update findings_decision d set lifted_at = %(now)s, lifted_by = %(by)s
  where d.org_id = %(org)s and d.finding_id = any(%(keys)s) and d.lifted_at is null
    and (%(undone)s::uuid is null or d.bulk = %(undone)s) and (%(rule)s::uuid is null or d.by_rule = %(rule)s) returning d.id, d.finding_id
), changed as (
  update findings_finding f set status = 'open', changed_at = %(now)s from (select distinct finding_id from lifted) l
  where f.org_id = %(org)s and f.id = l.finding_id and f.status = 'suppressed' and not exists (
    select from findings_decision d where d.org_id = %(org)s and d.finding_id = f.id and d.lifted_at is null
      and d.id not in (select id from lifted) and (d.until is null or d.until >= %(today)s))
), told as (
  select finding_id as id, jsonb_build_object('decisions', jsonb_agg(id order by id)) as facts from lifted group by finding_id
)
"""
_ASSIGN = """
with changed as (
  update findings_finding f set assignee = %(assignee)s, team_id = %(team)s, changed_at = %(now)s
  where f.org_id = %(org)s and f.id = any(%(keys)s)
    and (assignee, team_id) is distinct from (%(assignee)s::uuid, %(team)s::uuid) returning f.id
), told as (
  select id, '{}'::jsonb as facts from changed
)
"""
_VERBS = {
    Bulk.Verb.SUPPRESS: (_SUPPRESS, "finding.suppressed"),
    Bulk.Verb.LIFT: (_LIFT, "finding.unsuppressed"),
    Bulk.Verb.ASSIGN: (_ASSIGN, "finding.assigned"),
    Bulk.Verb.UNRULE: (_LIFT, "finding.unsuppressed"),
}
OF_RULES = frozenset({Bulk.Verb.RULE, Bulk.Verb.UNRULE})
_FITTING = """
select f.id from findings_finding f where f.org_id = %(org)s and f.status <> 'resolved' and {fits} and {undecided}
"""


def begin_bulk(
    org: Org, by: UUID, verb: Bulk.Verb, *, arguments: dict[str, str | None], keys: Sequence[UUID] = (), query: str = ""
) -> Bulk:
    """Do `verb` to the findings `keys`, or to all that match `query` as of now: a few at once, more as a job.

    Raises NotAMemberError, and ValueError for more keys than are taken one by one.
    """
    if len(keys) > MOST_KEYS:
        raise ValueError(f"{len(keys):,} findings were named: up to {MOST_KEYS:,} are taken one by one. Name a filter.")
    query = _filters(query).of_person(by).query().removeprefix("?") if query else query
    with scope(org.pk, user=by):
        if verb is Bulk.Verb.ASSIGN:
            receivers(org, assignee=_uuid(arguments.get("assignee")), team=_uuid(arguments.get("team")))
        total = len(keys) if keys else queries.matching(org, _filters(query)).count()
        bulk: Bulk = Bulk.objects.create(
            org=org,
            by=by,
            verb=verb,
            arguments=arguments,
            keys=sorted(str(key) for key in set(keys)),
            query=query,
            total=total,
            made_at=clock.now(),
        )
        # Not the note, which a person wrote: the log cannot forget it, and the decisions have it.
        told = {name: value for name, value in arguments.items() if name != "note"}
        emit("finding.bulk", bulk.pk, verb=verb.value, total=total, query=query, arguments=told)
        if not keys or total > AT_ONCE:
            enqueue(RUN, org=org.pk, lock=f"bulk:{org.pk}", bulk=bulk.pk)
            return bulk
    return _at_once(org, bulk)


def undo_bulk(org: Org, bulk: UUID, by: UUID) -> Bulk:
    """Take back what an action hid. Raises Bulk.DoesNotExist, also for one that hid nothing."""
    with scope(org.pk, user=by):
        done = Bulk.objects.of(org).get(pk=bulk, verb=Bulk.Verb.SUPPRESS)
        again: Bulk = Bulk.objects.create(
            org=org,
            by=by,
            verb=Bulk.Verb.LIFT,
            arguments={"undone": str(done.pk)},
            keys=done.keys,
            query="status=any" if not done.keys else "",
            total=Decision.objects.of(org).filter(bulk=done.pk, lifted_at=None).count(),
            made_at=clock.now(),
        )
        emit("finding.bulk", again.pk, verb="undo", total=again.total, undone=str(done.pk))
        if again.total > AT_ONCE:
            enqueue(RUN, org=org.pk, lock=f"bulk:{org.pk}", bulk=again.pk)
            return again
    return _at_once(org, again)


def _at_once(org: Org, bulk: Bulk) -> Bulk:
    """While the person waits; where a scan is being digested for longer than that, as a job."""
    try:
        return run_bulk(org.pk, bulk.pk, patience=AT_ONCE_PATIENCE)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
    with scope(org.pk):
        enqueue(RUN, org=org.pk, lock=f"bulk:{org.pk}", bulk=bulk.pk)
    return bulk


def run_bulk(org: UUID, key: UUID, *, patience: str = "30min") -> Bulk:
    """Go on with an action until there is no finding left that it has not seen. Raises Bulk.DoesNotExist.

    `patience`: how long it waits for those who hold an asset, as a digest of many findings does for minutes.
    """
    if _waits(org, key):
        _let_digests_end(org)
        _count(org, key)
    while (bulk := _part(org, key, patience)).status == Bulk.Status.RUNNING:
        pass
    return bulk


def begin_of_rule(org: Org, by: UUID, verb: Bulk.Verb, rule: UUID) -> Bulk:
    """Bring what is there under a suppression rule, or out from under it, as a job: inside the caller's transaction."""
    bulk: Bulk = Bulk.objects.create(
        org=org, by=by, verb=verb, arguments={"rule": str(rule)}, total=0, made_at=clock.now()
    )
    enqueue(RUN, org=org.pk, lock=f"bulk:{org.pk}", bulk=bulk.pk)
    return bulk


def _waits(org: UUID, key: UUID) -> bool:
    with scope(org):
        bulk = Bulk.objects.of(org).get(pk=key)
        return bulk.verb in OF_RULES and bulk.status == Bulk.Status.QUEUED


def _let_digests_end(org: UUID) -> None:
    """Digests that began before the rule was made, or lifted, know nothing of that; those that begin from now on do."""
    with scope(org):
        assets = list(Asset.objects.of(org).order_by("pk").values_list("pk", flat=True))
    for asset in assets:
        with scope(org), connection.cursor() as cursor:
            cursor.execute(_PATIENCE, {"patience": "30min"})
            list(Asset.objects.of(org).filter(pk=asset).select_for_update(no_key=True).only("pk"))


def _count(org: UUID, key: UUID) -> None:
    """Say how many there are to see, now that it is known."""
    with scope(org):
        bulk = Bulk.objects.of(org).select_for_update().get(pk=key)
        bulk.total, bulk.status = _left(org, bulk), Bulk.Status.RUNNING
        bulk.save(update_fields=["total", "status"])


def _left(org: UUID, bulk: Bulk) -> int:
    if bulk.verb == Bulk.Verb.UNRULE:
        return _decided(org, bulk).count()
    statement, values = _fitting(org, bulk)
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from ({statement}) fitting", values)  # noqa: S608 - of fixed parts; values apart
        return int(cursor.fetchone()[0])


def fail_bulk(org: UUID, key: UUID, why: str) -> None:
    """What was done so far stays done, and the row says how far that was."""
    with scope(org):
        Bulk.objects.of(org).filter(pk=key).update(
            status=Bulk.Status.FAILED, failure=why[:500], finished_at=clock.now()
        )


def pick_up_bulks(org: UUID) -> int:
    """Queue what nobody has gone on with for an hour: its job is gone. One too many finds nothing left to do."""
    with scope(org):
        unfinished = Bulk.objects.of(org).filter(status__in=[Bulk.Status.QUEUED, Bulk.Status.RUNNING])
        lost = list(unfinished.filter(made_at__lt=clock.now() - LOST_AFTER).values_list("pk", flat=True))
        for key in lost:
            enqueue(RUN, org=org, lock=f"bulk:{org}", bulk=key)
        return len(lost)


def _part(org: UUID, key: UUID, patience: str = "30min") -> Bulk:
    with scope(org):
        with connection.cursor() as cursor:
            cursor.execute(_PATIENCE, {"patience": patience})
        bulk: Bulk = Bulk.objects.of(org).select_for_update().get(pk=key)
        if bulk.status in {Bulk.Status.DONE, Bulk.Status.FAILED}:
            return bulk
        keys = _next(org, bulk)
        if keys:
            # A digest holds its asset's row while it writes: in the same order, nobody waits in a circle.
            assets = Finding.objects.of(org).filter(pk__in=keys).values("asset")
            list(Asset.objects.of(org).filter(pk__in=assets).order_by("pk").select_for_update(no_key=True).only("pk"))
            bulk.touched += _do(org, bulk, keys)
            bulk.seen += len(keys)
            bulk.cursor, bulk.status = keys[-1], Bulk.Status.RUNNING
        else:
            bulk.status, bulk.finished_at = Bulk.Status.DONE, clock.now()
        bulk.save(update_fields=["touched", "seen", "cursor", "status", "finished_at"])
        return bulk


def _next(org: UUID, bulk: Bulk) -> list[UUID]:
    """The next findings in the order of their ids; none that came after the action was asked for."""
    if bulk.keys:
        return [UUID(text) for text in bulk.keys if bulk.cursor is None or UUID(text) > bulk.cursor][:PART]
    rows: QuerySet[Finding]
    if bulk.verb == Bulk.Verb.RULE:
        return _next_fitting(org, bulk)
    if bulk.arguments.get("undone") or bulk.verb == Bulk.Verb.UNRULE:
        rows = Finding.objects.of(org).filter(pk__in=_decided(org, bulk).values("finding"))
    else:
        rows = queries.matching(org, _filters(bulk.query)).filter(pk__lte=bulk.pk)
    if bulk.cursor:
        rows = rows.filter(pk__gt=bulk.cursor)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:PART])


def _decided(org: UUID, bulk: Bulk) -> QuerySet[Decision]:
    """What an action takes back: the decisions of another one, or of a rule."""
    undone, rule = bulk.arguments.get("undone"), bulk.arguments.get("rule")
    rows: QuerySet[Decision] = Decision.objects.of(org).filter(lifted_at=None)
    return rows.filter(bulk=undone) if undone else rows.filter(by_rule=rule)


def _fitting(org: UUID, bulk: Bulk) -> tuple[str, dict[str, Any]]:
    """The findings that a rule has still to hide."""
    rule = _rule(org, bulk)
    condition, values = hiding.fits(hiding.pattern_of(rule))
    if rule.lifted_at or (rule.until and rule.until < clock.now().date()):
        condition = "false"
    statement = _FITTING.format(fits=condition, undecided=hiding.UNDECIDED)
    return statement, {**values, "org": org, "by_rule": rule.pk}


def _next_fitting(org: UUID, bulk: Bulk) -> list[UUID]:
    statement, values = _fitting(org, bulk)
    after = "and f.id > %(after)s" if bulk.cursor else ""
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} {after} order by f.id limit {PART}", {**values, "after": bulk.cursor})
        return [row[0] for row in cursor.fetchall()]


def _rule(org: UUID, bulk: Bulk) -> SuppressionRule:
    rule: SuppressionRule = SuppressionRule.objects.of(org).get(pk=bulk.arguments["rule"])
    return rule


def _do(org: UUID, bulk: Bulk, keys: Sequence[UUID]) -> int:
    hiding.lock(org, hiding.KEYS, keys=keys)
    if bulk.verb == Bulk.Verb.RULE:
        return hiding.hide(_rule(org, bulk), hiding.KEYS, bulk=bulk.pk, keys=keys)
    statement, kind = _VERBS[Bulk.Verb(bulk.verb)]
    given, moment = bulk.arguments, clock.now()
    values = {
        "org": org,
        "keys": keys,
        "by": bulk.by,
        "bulk": bulk.pk,
        "now": moment,
        "today": moment.date(),
        "kind": kind,
        "undone": given.get("undone"),
        "rule": given.get("rule"),
        "reason": given.get("reason") or "",
        "justification": given.get("justification") or "",
        "note": given.get("note") or "",
        "until": _date(given.get("until")),
        "assignee": given.get("assignee"),
        "team": given.get("team"),
        "data": orjson.dumps(_said(bulk)).decode(),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement + _EVENTS, values)
        return int(cursor.rowcount)


def _said(bulk: Bulk) -> dict[str, str | None]:
    given = bulk.arguments
    of_verb = {
        Bulk.Verb.SUPPRESS: said(given.get("reason") or "", _date(given.get("until"))),
        Bulk.Verb.LIFT: {},
        Bulk.Verb.UNRULE: {"rule": given.get("rule")},
        Bulk.Verb.ASSIGN: assigned(_uuid(given.get("assignee")), _uuid(given.get("team"))),
    }
    return {"bulk": str(bulk.pk), **of_verb[Bulk.Verb(bulk.verb)]}


def _filters(query: str) -> Filters:
    return Filters.parse(QueryDict(query))


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None
