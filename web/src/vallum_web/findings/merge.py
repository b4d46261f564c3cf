"""The rule of `reconcile.py` as set statements, one per transition, over what `staging.py` loaded.

Each statement writes only rows that change: touching every row for a "last seen" costs two thirds of a re-import.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

from vallum_web.findings import hiding, joining
from vallum_web.findings.staging import OWN
from vallum_web.scans.models import Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import series


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many findings each transition touched; `seen` counts all in the report."""

    seen: int
    new: int
    reopened: int
    changed: int
    resolved: int


# Statistics of the stored tables are those of before: with nested loops a merge of 100,000 rows took minutes. Every statement names
# the asset, so that without them it reads the asset's rows and not the organization's. Places have no asset: they are looked up.
PREPARE = """
set local enable_nestloop = off;
set local work_mem = '64MB';
set local statement_timeout = '30min'
"""

# What the feeds know of the CVEs in the report, before nested loops are off: a few of a quarter of a million rows.
THREAT = """
create temp table threat on commit drop as
select cve, epss, kev_added is not null as kev from advisories_threat
where cve = any(array(select distinct cve from staged where cve <> ''));
analyze threat
"""

# What an issuer said stands until it is asked again: a scan that asked nobody, or a report from before, unsays nothing.
CARRY = """
with known as (
  select s.fingerprint, f.liveness, f.data -> 'verification' as told
  from staged s left join joined j using (fingerprint)
  join findings_finding f on f.org_id = %(org)s and f.asset_id = %(asset)s and f.fingerprint = coalesce(j.target, s.fingerprint)
  where f.liveness <> '' and (s.liveness = ''
    or (s.data #>> '{verification,at}' < f.data #>> '{verification,at}' and f.data #>> '{verification,at}' <= %(moment)s))
)
update staged s set liveness = k.liveness, data = s.data || jsonb_build_object('verification', k.told)
from known k where s.fingerprint = k.fingerprint
"""

MATCH = """
create temp table matched on commit drop as
select s.fingerprint, s.ruleset, s.rule, s.severity, s.content, s.ours, s.risk, s.exploited,
  case when f.id is null then vallum_key(%(key)s, %(nth)s + row_number() over ()) end as id,
  coalesce(j.target, s.fingerprint) as target,
  f.liveness as lived, j.finding is not null as joined, coalesce(j.leads, true) as leads, false as moved, f.id as found, f.status as was,
  (f.kind, f.ruleset, f.rule, f.severity, f.confidence, f.risk, f.base, f.cve,
    f.exploited, f.title, f.message, f.path, f.line, f.package, f.data, f.content, f.reachability, f.liveness)
    is distinct from
  (s.kind, s.ruleset, s.rule, s.severity, s.confidence, s.risk, s.base::float8, s.cve,
    s.exploited, s.title, s.message, s.path, s.line, s.package, s.data, s.content, s.reachability, s.liveness) as differs
from (
  select staged.*, coalesce(kev, false) as exploited,
    vallum_risk(base, epss, kev, %(exposure)s::smallint, %(importance)s::smallint, reachability, confidence, liveness) as risk
  from staged left join threat using (cve)
) s
left join joined j using (fingerprint)
left join findings_finding f on f.org_id = %(org)s and f.asset_id = %(asset)s and f.fingerprint = coalesce(j.target, s.fingerprint);
analyze matched (found, fingerprint, target, was, differs)
"""

# Of several sources one speaks: ours before others', the first before the next, for as long as it sees the finding.
CHANGE = """
update findings_finding f set kind = s.kind, ruleset = s.ruleset, rule = s.rule, severity = s.severity,
  confidence = s.confidence, risk = m.risk, base = s.base, cve = s.cve, exploited = m.exploited, title = s.title,
  due_at = case when f.severity = s.severity then f.due_at
    else greatest(f.opened_at, f.reopened_at) + (%(due)s::jsonb ->> s.severity::text)::integer * interval '1 day' end,
  message = s.message, path = s.path, line = s.line, package = s.package, data = s.data, content = s.content,
  reachability = s.reachability, liveness = s.liveness,
  fingerprint = case when m.moved then m.fingerprint else f.fingerprint end, changed_at = %(now)s
from matched m join staged s using (fingerprint)
where f.org_id = %(org)s and f.asset_id = %(asset)s and f.id = m.found and m.differs and m.leads and (
  m.ruleset = f.ruleset or m.was = 'resolved' or (m.ours and not split_part(f.ruleset, '/', 1) = any(%(own)s))
  or not exists (select from standing o where o.finding_id = f.id and o.ruleset = f.ruleset))
"""

# The finding's own word by now: of another source's it says nothing.
TOLD = """
insert into tenancy_event (id, org_id, kind, at, actor, subject, data, transaction)
select vallum_key(%(key)s, %(nth)s + row_number() over ()), %(org)s, 'finding.verified', %(now)s, null, f.id,
  jsonb_build_object('scan', %(scan)s::text, 'result', f.liveness, 'host', f.data #>> '{verification,host}'),
  pg_current_xact_id()::text::bigint
from matched m join findings_finding f on f.org_id = %(org)s and f.asset_id = %(asset)s and f.id = m.found
where f.liveness <> '' and f.liveness <> m.lived
"""

REOPEN = """
with reopened as (
  update findings_finding f set status = 'open', ending = '', resolved_at = null, reopened_at = %(now)s, changed_at = %(now)s,
    due_at = %(now)s + (%(due)s::jsonb ->> f.severity::text)::integer * interval '1 day'
  from matched m where f.org_id = %(org)s and f.asset_id = %(asset)s and f.id = m.found and m.was = 'resolved' and m.leads returning f.id
)
insert into tenancy_event (id, org_id, kind, at, actor, subject, data, transaction)
select vallum_key(%(key)s, %(nth)s + row_number() over ()), %(org)s, 'finding.reopened', %(now)s, null, id,
  jsonb_build_object('scan', %(scan)s::text),
  pg_current_xact_id()::text::bigint from reopened
"""

# What a decision hides, it hides again. The rows are this transaction's by now: who decides waits, and a new statement sees what
# was decided before.
SETTLE = """
update findings_finding f set status = n.status from (
  select m.found as id, case when exists (
    select from findings_decision d where d.org_id = %(org)s and d.finding_id = m.found and d.lifted_at is null
      and (d.until is null or d.until >= %(today)s)) then 'suppressed' else 'open' end as status
  from matched m where m.was = 'resolved' and m.leads
) n where f.org_id = %(org)s and f.asset_id = %(asset)s and f.id = n.id and f.status <> n.status
"""

INSERT = """
with opened as (
  insert into findings_finding (id, org_id, asset_id, fingerprint, kind, ruleset, rule, severity, confidence, risk, base, cve,
    exploited, title, message, path, line, package, data, content, reachability, liveness, status, ending, opened_at, changed_at, due_at)
  select m.id, %(org)s, %(asset)s, s.fingerprint, s.kind, s.ruleset, s.rule, s.severity, s.confidence, m.risk, s.base, s.cve,
    m.exploited, s.title, s.message, s.path, s.line, s.package, s.data, s.content, s.reachability, s.liveness, 'open', '', %(now)s, %(now)s,
    %(now)s + (%(due)s::jsonb ->> s.severity::text)::integer * interval '1 day'
  from matched m join staged s using (fingerprint) where m.found is null
  returning id
)
insert into tenancy_event (id, org_id, kind, at, actor, subject, data, transaction)
select vallum_key(%(key)s, %(nth)s + row_number() over ()), %(org)s, 'finding.opened', %(now)s, null, id,
  jsonb_build_object('scan', %(scan)s::text),
  pg_current_xact_id()::text::bigint from opened
"""

# Places of known findings, first: what follows asks which of them are still open. Those of our own detectors go by the
# rule set and rule that report the finding now: a detector that was renamed must be able to end what it found before.
STANDING = """
set local enable_nestloop = on;
create temp table standing on commit drop as
select o.id, o.finding_id, o.path, o.line, o.ruleset, o.rule, f.fingerprint, false as renamed, o.missed_scan is not null as missed
from findings_finding f join findings_occurrence o on o.org_id = %(org)s and o.finding_id = f.id and o.gone_scan_id is null
where f.org_id = %(org)s and f.asset_id = %(asset)s;
set local enable_nestloop = off;
with unseen as materialized (
  select id, fingerprint from standing o where split_part(ruleset, '/', 1) = any(%(own)s) and not exists (
    select from staged_place p where p.target = o.fingerprint and p.ruleset = o.ruleset and p.rule = o.rule)
)
update standing o set ruleset = p.ruleset, rule = p.rule, renamed = true
from (
  select distinct on (u.id) u.id, p.ruleset, p.rule from unseen u
  join staged_place p on p.target = u.fingerprint and split_part(p.ruleset, '/', 1) = any(%(own)s)
) p
where p.id = o.id;
analyze standing;
set local enable_nestloop = on;
update findings_occurrence o set ruleset = s.ruleset, rule = s.rule from standing s
where o.org_id = %(org)s and s.renamed and o.id = s.id;
set local enable_nestloop = off
"""

# Which of the paths with open places nobody looked at: gaps name a file, a folder (ends in /) or everything (empty).
# Equality throughout, because a join on "begins with" would compare every gap with every place.
BLIND = """
create temp table blind on commit drop as
select g.path, g.ruleset from gap g
union
select p.path, g.ruleset from (select distinct path, string_to_array(path, '/') as parts from standing) p
cross join lateral generate_series(1, cardinality(p.parts) - 1) depth
join gap g on g.path = array_to_string(p.parts[1:depth], '/') || '/';
analyze blind
"""

# A place ends only where its rule ran over its path, or a complete walk did not meet the path. One that its rule set did not meet and
# that has not ended is missed: from then on no scan has seen it (`aging.py`), until one does again.
ENDED = """
create temp table unmet on commit drop as
select o.id, o.finding_id, o.missed, w.path is not null as walked, (%(complete)s or w.path is not null)
  and exists (select from ran r where r.ruleset = o.ruleset and (r.rules is null or o.rule = any(r.rules)))
  and not exists (
    select from blind b where b.path = o.path and (b.ruleset in ('', o.ruleset) or starts_with(o.ruleset, b.ruleset || '/')))
  and not exists (
    select from gap g where g.path = '' and (g.ruleset in ('', o.ruleset) or starts_with(o.ruleset, g.ruleset || '/'))) as over
from standing o
left join staged_place p on p.target = o.fingerprint and p.ruleset = o.ruleset and p.path = o.path and p.line = o.line
left join held h on h.fingerprint = o.fingerprint and h.path = o.path
left join walked w on w.path = o.path
where p.path is null and h.path is null and exists (select from ran r where r.ruleset = o.ruleset);
create temp table ended on commit drop as select id, finding_id, walked from unmet where over;
analyze unmet (id);
analyze ended;
set local enable_nestloop = on;
update findings_occurrence o set gone_scan_id = %(scan)s from ended e where o.org_id = %(org)s and o.id = e.id;
update findings_occurrence o set missed_scan = %(scan)s from unmet u
where o.org_id = %(org)s and o.id = u.id and not u.over and not u.missed;
update findings_occurrence o set missed_scan = null from standing s
where o.org_id = %(org)s and o.id = s.id and s.missed and exists (select from ran r where r.ruleset = s.ruleset)
  and not exists (select from unmet u where u.id = s.id);
set local enable_nestloop = off
"""

RESOLVE = """
with resolved as (
  update findings_finding f set status = 'resolved',
    ending = case when over.walked or %(foreign)s then 'fixed' else 'gone' end, resolved_at = %(now)s, changed_at = %(now)s
  from over where f.org_id = %(org)s and f.asset_id = %(asset)s and f.id = over.finding_id and f.status <> 'resolved'
  returning f.id, f.ending
)
insert into tenancy_event (id, org_id, kind, at, actor, subject, data, transaction)
select vallum_key(%(key)s, %(nth)s + row_number() over ()), %(org)s, 'finding.resolved', %(now)s, null, id,
  jsonb_build_object('scan', %(scan)s::text, 'ending', ending), pg_current_xact_id()::text::bigint from resolved
"""

PLACES = """
insert into findings_occurrence (id, org_id, finding_id, ruleset, rule, path, line, end_line, first_scan_id)
select vallum_key(%(key)s, %(nth)s + row_number() over ()), %(org)s, n.* from (
  select distinct on (f.finding, p.ruleset, p.path, p.line) f.finding, p.ruleset, p.rule, p.path, p.line, p.end_line, %(scan)s::uuid
  from staged_place p join (
    select distinct on (target) target, coalesce(found, id) as finding from matched order by target, leads desc
  ) f using (target)
  left join standing o on o.finding_id = f.finding and o.ruleset = p.ruleset and o.path = p.path and o.line = p.line
  where o.id is null
) n
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What the asset lends its findings: who can reach it, how much it matters, and the days they have by severity."""

    exposure: int
    importance: int
    due: Mapping[str, int]


def apply(scan: Scan, weights: Weights, *, complete: bool, foreign: bool = False) -> Outcome:
    """Bring the record of the scan's asset up to date with the staged report, inside the caller's transaction and lock.

    `foreign`: another tool's report names no files that it read, so what it no longer lists counts as fixed.
    """
    now = clock.now()
    values: dict[str, Any] = {
        "org": scan.org_id,
        "asset": scan.asset_id,
        "scan": scan.pk,
        "exposure": weights.exposure,
        "importance": weights.importance,
        "due": orjson.dumps(dict(weights.due)).decode(),
        "complete": complete,
        "foreign": foreign,
        "own": list(OWN),
        "now": now,
        "today": now.date(),
        "moment": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
    with connection.cursor() as cursor:

        def run(statements: str) -> int:
            touched = 0
            for statement in statements.split(";"):
                if statement.strip():
                    cursor.execute(statement, values | series())
                    touched = cursor.rowcount
            return touched

        for statements in (THREAT, PREPARE, joining.JOIN, CARRY, MATCH, STANDING, BLIND, ENDED, joining.OVER):
            run(statements)
        run(joining.MOVE)
        changed = run(CHANGE)
        run(TOLD)
        reopened = run(REOPEN)
        run(SETTLE)
        new = run(INSERT)
        run(PLACES)
        run(joining.LEDGER)
        resolved = run(RESOLVE)
        hiding.follow_digest(scan.org_id, scan.asset_id)
        cursor.execute("select count(*) from staged")
        seen = int(cursor.fetchone()[0])
    return Outcome(seen=seen, new=new, reopened=reopened, changed=changed, resolved=resolved)
