"""What is known before a tenant is: definer functions of a role that may read just these tables, and only select."""

from django.conf import settings
from django.db import migrations


def _sql(role: str) -> str:
    return f"""
grant usage on schema public to {role};
grant select on tenancy_org, accounts_membership, accounts_apitoken to {role};
create policy lookup on tenancy_org for select to {role} using (true);
create policy lookup on accounts_membership for select to {role} using (true);
create policy lookup on accounts_apitoken for select to {role} using (true);

create function lookup_slug_taken(wanted text) returns boolean language sql stable security definer set search_path = public, pg_temp
  as $$ select exists (select from tenancy_org where slug = wanted) $$;

create function lookup_my_orgs() returns table (org_id uuid, slug text, name text, role text)
  language sql stable security definer set search_path = public, pg_temp
  as $$ select o.id, o.slug, o.name, m.role from accounts_membership m join tenancy_org o on o.id = m.org_id
        where m.user_id = current_person() $$;

create function lookup_token(wanted bytea) returns table (org_id uuid, id uuid)
  language sql stable security definer set search_path = public, pg_temp
  as $$ select t.org_id, t.id from accounts_apitoken t where t.digest = wanted $$;

create function lookup_all_orgs() returns setof uuid language sql stable security definer set search_path = public, pg_temp
  as $$ select id from tenancy_org order by id $$;

grant create on schema public to {role};
alter function lookup_slug_taken(text) owner to {role};
alter function lookup_my_orgs() owner to {role};
alter function lookup_token(bytea) owner to {role};
alter function lookup_all_orgs() owner to {role};
revoke create on schema public from {role};
"""


REVERSE = """
drop function lookup_slug_taken(text); drop function lookup_my_orgs(); drop function lookup_token(bytea);
drop function lookup_all_orgs();
drop policy lookup on tenancy_org; drop policy lookup on accounts_membership; drop policy lookup on accounts_apitoken;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE)]
