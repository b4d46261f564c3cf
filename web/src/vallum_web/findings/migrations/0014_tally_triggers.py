"""Counts that are kept while findings are written, and a search index whose work is done after a digest, not in it."""

from django.conf import settings
from django.db import migrations

# One statement's findings, each asset's and the organization's as a whole (asset null), in one pass.
_COUNTED = """
  insert into findings_tally (id, org_id, asset, kind, severity, status, findings, risk)
  select vallum_uuid7(), org_id, asset_id, kind, severity, status, sum(n), sum(n * risk) from ({rows}) r
  group by grouping sets ((org_id, kind, severity, status, asset_id), (org_id, kind, severity, status))
  having sum(n) <> 0 or sum(n * risk) <> 0;
  return null;
"""
_COLUMNS = "org_id, asset_id, kind, severity, status, risk::bigint as risk"
_ADDED = f"select {_COLUMNS}, 1 as n from added"
_GONE = f"select {_COLUMNS}, -1 as n from gone"


def _function(name: str, rows: str) -> str:
    counted = _COUNTED.format(rows=rows)
    return f"create function {name}() returns trigger language plpgsql set search_path = public, pg_temp as $$ begin {counted} end $$;"


TRIGGERS = f"""
{_function("findings_count_added", _ADDED)}
{_function("findings_count_changed", f"{_ADDED} union all {_GONE}")}
{_function("findings_count_gone", _GONE)}
create trigger count_added after insert on findings_finding referencing new table as added
  for each statement execute function findings_count_added();
create trigger count_changed after update on findings_finding referencing old table as gone new table as added
  for each statement execute function findings_count_changed();
create trigger count_gone after delete on findings_finding referencing old table as gone
  for each statement execute function findings_count_gone();
"""

UNCOUNT = """
drop trigger count_added on findings_finding;
drop trigger count_changed on findings_finding;
drop trigger count_gone on findings_finding;
drop function findings_count_added();
drop function findings_count_changed();
drop function findings_count_gone();
"""

# Row-level security is forced on the owner too; for this statement it is not.
BACKFILL = """
alter table findings_finding no force row level security;
alter table findings_tally no force row level security;
insert into findings_tally (id, org_id, asset, kind, severity, status, findings, risk)
select vallum_uuid7(), org_id, asset_id, kind, severity, status, count(*), sum(risk) from findings_finding
group by grouping sets ((org_id, kind, severity, status, asset_id), (org_id, kind, severity, status));
alter table findings_tally force row level security;
alter table findings_finding force row level security;
"""

# Each word bears the end of its organization's key, so that a search reads its own organization's entries and no others: of ten
# million findings a common word is in millions. The parser's own words are taken as they are, whatever they hold; its parts have at
# most 500 letters, for no word may be longer than 2,046 bytes. A digest's words wait in the index's list of pending entries, where a
# search finds them too, and `findings_index_words` puts them in their places after it, beside the next one.
WORDS = """
alter table findings_finding drop column words;
alter table findings_finding add column words tsvector generated always as (
  replace(' ' || strip(to_tsvector('simple', left(title, 500) || ' ' || left(message, 500) || ' ' || left(path, 500) || ' '
    || translate(left(path, 500), '/._-', '    ') || ' ' || rule || ' ' || left(package, 500) || ' ' || cve))::text,
    ' ''', ' ''' || right(org_id::text, 6))::tsvector) stored;
create index finding_words on findings_finding using gin (words) with (gin_pending_list_limit = 131072);
create function findings_index_words() returns bigint language sql security definer set search_path = public, pg_temp
  as $$ select gin_clean_pending_list('finding_words'::regclass) $$;
create function findings_query(wanted text) returns tsquery language sql stable set search_path = public, pg_temp as $$
  select regexp_replace(
    regexp_replace(to_tsquery('simple', wanted)::text, ' <[-0-9]+> ', ' & ', 'g'),
    '(^|[ (!])''', '\\1''' || right(current_org()::text, 6), 'g')::tsquery
$$;
"""
WORDS_BEFORE = """
drop function findings_query(text);
drop function findings_index_words();
alter table findings_finding drop column words;
alter table findings_finding add column words tsvector generated always as (
  to_tsvector('simple', left(title, 500) || ' ' || left(message, 2000) || ' ' || left(path, 1000) || ' '
    || regexp_replace(left(path, 1000), '[/._-]', ' ', 'g') || ' ' || rule || ' ' || package)) stored;
create index finding_words on findings_finding using gin (words);
"""


# The organization as a text: beside a filter on `org_id` the planner reads all keys of the organization. A query that is a function
# is made anew for each row, so it stands in a select of its own. Whole words first: where they alone are more than a search returns,
# nobody needs what merely begins with them, which takes the index longer.
_WORDS = """
with whole as materialized (
  select id from findings_finding
  where org_id::text = current_org()::text and words @@ (select replace(findings_query(wanted)::text, ':*', '')::tsquery)
  limit 5000
)
select id from whole where (select count(*) from whole) = 5000
union all (
  select id from findings_finding
  where (select count(*) from whole) < 5000 and org_id::text = current_org()::text and words @@ (select findings_query(wanted))
  limit 5000
)
"""
_BEFORE = "select id from findings_finding where org_id = current_org() and words @@ to_tsquery('simple', wanted) limit 5000"


def _search(body: str, role: str) -> str:
    return f"""
drop function search_findings(text);
create function search_findings(wanted text) returns setof uuid
  language sql stable security definer set search_path = public, pg_temp set work_mem = '32MB' as $$ {body} $$;
grant create on schema public to {role};
alter function search_findings(text) owner to {role};
revoke create on schema public from {role};
"""


class Migration(migrations.Migration):
    dependencies = [("findings", "0013_tally")]
    operations = [
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, UNCOUNT),
        migrations.RunSQL(WORDS, WORDS_BEFORE),
        migrations.RunSQL(_search(_WORDS, settings.LOOKUP_ROLE), _search(_BEFORE, settings.LOOKUP_ROLE)),
    ]
