"""What is being deleted is invisible to everyday work: the database says so, in the one function that every policy asks."""

from django.conf import settings
from django.db import migrations, models


def _sql(role: str) -> str:
    return f"""
grant select on tenancy_leaving to {role};

create function vallum_purpose() returns text language sql stable parallel safe
  as $$ select coalesce(nullif(current_setting('app.purpose', true), ''), 'work') $$;

-- Whether the present purpose is about data that is being deleted: the privacy centre's, or the purge's.
create function vallum_looks_back() returns boolean language sql stable parallel safe
  as $$ select coalesce(current_setting('app.purpose', true), '') in ('privacy', 'purge') $$;

alter table tenancy_leaving enable row level security;
alter table tenancy_leaving force row level security;
create policy seen on tenancy_leaving for select using (true);
create policy decided on tenancy_leaving using (vallum_looks_back()) with check (vallum_looks_back());

-- PL/pgSQL keeps its plan for the session, where a function in SQL that reads a table is planned at each call.
create or replace function current_org() returns uuid language plpgsql stable parallel safe as $$
declare
  mine uuid := nullif(current_setting('app.org_id', true), '')::uuid;
begin
  if mine is not null and not public.vallum_looks_back() and exists (select from public.tenancy_leaving where id = mine) then
    return null;
  end if;
  return mine;
end $$;

-- Rows of one organization that is being purged, a batch at a time, its audit log apart: that has twelve months of its own. As the
-- tables' owner, whom row-level security binds as well: some of these tables the application may only add to.
create function vallum_purge(wanted regclass, at_most integer) returns bigint
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  gone bigint;
begin
  if vallum_purpose() <> 'purge' or not exists (select from tenancy_leaving where id = current_org()) then
    raise exception 'Nothing is purged but inside the scope of an organization that is being deleted.';
  end if;
  if wanted::text like 'audit\\_%' or not exists (
    select from pg_policies where schemaname = 'public' and tablename = wanted::text and policyname = 'tenant') then
    raise exception '% is no table of an organization.', wanted;
  end if;
  execute format(
    'with gone as (delete from %1$s where ctid = any (array(select ctid from %1$s where org_id = $1 limit $2)) returning 1)
     select count(*) from gone', wanted) into gone using current_org(), at_most;
  return gone;
end $$;

-- What the planner remembers of values that are gone.
create function vallum_refresh(wanted regclass) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if vallum_purpose() <> 'purge' then
    raise exception 'Statistics are refreshed by a purge alone.';
  end if;
  execute format('analyze %s', wanted);
end $$;

create policy erased on tenancy_requestlog for delete
  using (vallum_purpose() = 'purge' and (person = (select current_person()) or org = (select current_org())));
"""


REVERSE = """
drop policy erased on tenancy_requestlog;
drop function vallum_refresh(regclass); drop function vallum_purge(regclass, integer);
create or replace function current_org() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('app.org_id', true), '')::uuid $$;
drop policy decided on tenancy_leaving; drop policy seen on tenancy_leaving;
drop function vallum_looks_back(); drop function vallum_purpose();
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0015_live_checks")]
    operations = [
        migrations.CreateModel(
            name="Leaving",
            fields=[("id", models.UUIDField(editable=False, primary_key=True, serialize=False))],
        ),
        migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE),
    ]
