"""The words of findings move into a table of their own, which triggers keep."""

from django.conf import settings
from django.db import migrations

# Each word bears the end of its organization's key, so that a search reads its own organization's entries and no others: of ten
# million findings a common word is in millions. The parser's own words are taken as they are, whatever they hold; its parts have at
# most 500 letters, for no word may be longer than 2,046 bytes.
OF = """replace(' ' || strip(to_tsvector('simple', left(title, 500) || ' ' || left(message, 500) || ' ' || left(path, 500) || ' '
    || translate(left(path, 500), '/._-', '    ') || ' ' || rule || ' ' || left(package, 500) || ' ' || cve))::text,
    ' ''', ' ''' || right(org_id::text, 6))::tsvector"""

# Row-level security is forced on the owner too; for this statement it is not.
MOVE = f"""
alter table findings_finding no force row level security;
alter table findings_words no force row level security;
insert into findings_words (id, org_id, words) select id, org_id, {OF} from findings_finding;
alter table findings_words force row level security;
alter table findings_finding force row level security;
alter table findings_finding drop column words;
"""
MOVE_BACK = f"""
alter table findings_finding add column words tsvector generated always as ({OF}) stored;
create index finding_words on findings_finding using gin (words) with (gin_pending_list_limit = 131072);
delete from findings_words;
"""

# What one statement adds is found at once, unless it is a large digest's: making the words of a row takes half as long as writing
# it, and `findings_missing_words` does that after the digest.
TRIGGERS = f"""
create function findings_words_added() returns trigger language plpgsql set search_path = public, pg_temp as $$ begin
  if (select count(*) from (select from added limit 2001) few) <= 2000 then
    insert into findings_words (id, org_id, words) select id, org_id, {OF} from added;
  end if;
  return null;
end $$;
create function findings_words_changed() returns trigger language plpgsql set search_path = public, pg_temp as $$ begin
  insert into findings_words (id, org_id, words)
  select id, org_id, {OF} from (select new.id, new.org_id, new.title, new.message, new.path, new.rule, new.package, new.cve) f
  on conflict (id) do update set words = excluded.words;
  return null;
end $$;
create function findings_words_gone() returns trigger language plpgsql set search_path = public, pg_temp as $$ begin
  delete from findings_words w using gone where w.id = gone.id;
  return null;
end $$;
create trigger words_added after insert on findings_finding referencing new table as added
  for each statement execute function findings_words_added();
create trigger words_changed after update of title, message, path, rule, package, cve on findings_finding for each row
  when ((old.title, old.message, old.path, old.rule, old.package, old.cve)
    is distinct from (new.title, new.message, new.path, new.rule, new.package, new.cve))
  execute function findings_words_changed();
create trigger words_gone after delete on findings_finding referencing old table as gone
  for each statement execute function findings_words_gone();
create function findings_missing_words(asset uuid, most integer) returns bigint language sql
  set search_path = public, pg_temp as $$
  with made as (
    insert into findings_words (id, org_id, words)
    select id, org_id, {OF} from findings_finding f
    where org_id = current_org() and asset_id = asset and not exists (select from findings_words w where w.id = f.id)
    limit most on conflict (id) do nothing returning 1
  )
  select count(*) from made
$$;
create or replace function findings_index_words() returns bigint language sql security definer set search_path = public, pg_temp
  as $$ select gin_clean_pending_list('words_of_findings'::regclass) $$;
"""
UNTRIGGER = """
drop function findings_missing_words(uuid, integer);
drop trigger words_added on findings_finding;
drop trigger words_changed on findings_finding;
drop trigger words_gone on findings_finding;
drop function findings_words_added();
drop function findings_words_changed();
drop function findings_words_gone();
create or replace function findings_index_words() returns bigint language sql security definer set search_path = public, pg_temp
  as $$ select gin_clean_pending_list('finding_words'::regclass) $$;
"""

# A query that is a function is made anew for each row, so it stands in a select of its own. Whole words first: where they alone are
# more than a search returns, nobody needs what merely begins with them, which takes the index longer.
_SEARCH = """
with whole as materialized (
  select id from {table} where {mine} and words @@ (select replace(findings_query(wanted)::text, ':*', '')::tsquery) limit 5000
)
select id from whole where (select count(*) from whole) = 5000
union all (
  select id from {table}
  where (select count(*) from whole) < 5000 and {mine} and words @@ (select findings_query(wanted))
  limit 5000
)
"""


def _search(role: str, table: str, before: str, mine: str) -> str:
    return f"""
drop function search_findings(text);
drop policy lookup on {before};
revoke select on {before} from {role};
grant select on {table} to {role};
create policy lookup on {table} for select to {role} using (true);
create function search_findings(wanted text) returns setof uuid
  language sql stable security definer set search_path = public, pg_temp set work_mem = '32MB'
  as $$ {_SEARCH.format(table=table, mine=mine)} $$;
grant create on schema public to {role};
alter function search_findings(text) owner to {role};
revoke create on schema public from {role};
"""


class Migration(migrations.Migration):
    dependencies = [("findings", "0016_words"), ("tenancy", "0013_series")]
    operations = [
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.RunSQL(TRIGGERS, UNTRIGGER),
        migrations.RunSQL(
            _search(settings.LOOKUP_ROLE, "findings_words", "findings_finding", "org_id = current_org()"),
            # The organization as a text: beside a filter on `org_id` the planner read all keys of the organization.
            _search(settings.LOOKUP_ROLE, "findings_finding", "findings_words", "org_id::text = current_org()::text"),
        ),
    ]
