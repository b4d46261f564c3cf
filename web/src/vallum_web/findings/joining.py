"""When what comes under one fingerprint is the finding of another, as set statements; `reconcile.py` says it as a rule.

Joined: they have an alias in common (another id of the vulnerability, the secret's value). Moved: the finding's every
place ends in this scan, and one new finding, and no other, has its content. Each is a line of the identity ledger.
"""

# An exact match needs no other: only what the record does not know is looked up by its aliases.
JOIN = """
create temp table joined on commit drop as
with unknown as (
  select s.fingerprint, s.ours from staged s where not exists (
    select from findings_finding f where f.org_id = %(org)s and f.asset_id = %(asset)s and f.fingerprint = s.fingerprint)
), known as (
  select u.fingerprint, u.ours, k.key from unknown u join staged_key k using (fingerprint)
  union all select fingerprint, ours, fingerprint from unknown
), candidate as (
  select k.fingerprint, k.ours, k.key, f.id as finding, f.fingerprint as target, f.status
  from known k join findings_finding f on f.org_id = %(org)s and f.asset_id = %(asset)s and f.fingerprint = k.key
  union all
  select k.fingerprint, k.ours, k.key, f.id, f.fingerprint, f.status
  from known k join findings_alias a on a.org_id = %(org)s and a.asset_id = %(asset)s and a.key = k.key
  join findings_finding f on f.org_id = %(org)s and f.asset_id = %(asset)s and f.id = a.finding_id
), chosen as (
  select distinct on (fingerprint) fingerprint, ours, key, finding, target from candidate
  order by fingerprint, status = 'resolved', finding, key
)
select fingerprint, key, finding, target,
  not exists (select from staged s where s.fingerprint = c.target)
    and row_number() over (partition by c.target order by c.ours desc, c.fingerprint) = 1 as leads
from chosen c;
analyze joined;
update staged_place p set target = j.target from joined j where p.fingerprint = j.fingerprint;
update held h set fingerprint = f.fingerprint from findings_alias a
join findings_finding f on f.org_id = %(org)s and f.asset_id = %(asset)s and f.id = a.finding_id
where a.org_id = %(org)s and a.asset_id = %(asset)s and a.key = h.fingerprint
"""

# After it is known which places end: a finding is over when all of them do and nothing came under its fingerprint.
OVER = """
create temp table over on commit drop as
with open_places as (
  select finding_id, fingerprint, count(*) as places from standing group by finding_id, fingerprint
), ended_places as (
  select finding_id, count(*) as places, bool_or(walked) as walked from ended group by finding_id
)
select e.finding_id, e.walked from ended_places e join open_places o using (finding_id, places)
where not exists (select from matched m where m.target = o.fingerprint);
analyze over
"""

MOVE = """
create temp table moved on commit drop as
with fresh as (
  select fingerprint, ruleset, content, count(*) over (partition by ruleset, content) as alike
  from matched where found is null and content <> ''
), leaving as (
  select f.id, f.fingerprint, f.status, f.ruleset, f.content, count(*) over (partition by f.ruleset, f.content) as alike
  from over join findings_finding f on f.org_id = %(org)s and f.asset_id = %(asset)s and f.id = over.finding_id
  where f.content <> '' and f.status <> 'resolved'
)
select n.fingerprint, l.id as finding, l.fingerprint as was, l.status, l.content
from fresh n join leaving l using (ruleset, content) where n.alike = 1 and l.alike = 1;
analyze moved;
update matched m set found = v.finding, was = v.status, differs = true, moved = true from moved v where m.fingerprint = v.fingerprint;
delete from over using moved v where over.finding_id = v.finding
"""

LEDGER = """
set local enable_nestloop = on;
insert into findings_identity (id, org_id, finding_id, why, fingerprint, key, was, ruleset, rule, scan_id, at)
select vallum_uuid7(), %(org)s, t.finding, t.why, m.fingerprint, t.key, t.was, m.ruleset, m.rule, %(scan)s, %(now)s
from matched m join (
  select fingerprint, finding, 'joined' as why, key, '' as was from joined
  union all select fingerprint, finding, 'moved', content, was from moved
) t using (fingerprint)
where not exists (
  select from findings_identity i where i.org_id = %(org)s and i.finding_id = t.finding and i.fingerprint = m.fingerprint
    and i.undone_at is null);
insert into findings_alias (id, org_id, asset_id, key, finding_id)
select vallum_uuid7(), %(org)s, %(asset)s, k.key, coalesce(m.found, m.id)
from matched m join (
  select fingerprint, key from staged_key union all select fingerprint, fingerprint from joined
) k using (fingerprint)
where m.found is null or m.joined
on conflict (org_id, asset_id, key) do nothing;
set local enable_nestloop = off
"""
