"""Known before a tenant is: former addresses, and invitations by their link."""

from django.conf import settings
from django.db import migrations


def _sql(role: str) -> str:
    return f"""
grant select on tenancy_formerslug, accounts_invitation to {role};
create policy lookup on tenancy_formerslug for select to {role} using (true);
create policy lookup on accounts_invitation for select to {role} using (true);

drop function lookup_slug_taken(text);
create function lookup_slug_taken(wanted text, but uuid, at timestamptz) returns boolean
  language sql stable security definer set search_path = public, pg_temp
  as $$ select exists (select from tenancy_org where slug = wanted and id is distinct from but)
        or exists (select from tenancy_formerslug f where f.slug = wanted and f.until > at and f.org_id is distinct from but) $$;

create function lookup_former_slug(wanted text, at timestamptz) returns uuid
  language sql stable security definer set search_path = public, pg_temp
  as $$ select org_id from tenancy_formerslug where slug = wanted and until > at order by until desc limit 1 $$;

create function lookup_invitation(wanted bytea) returns table (org_id uuid, id uuid)
  language sql stable security definer set search_path = public, pg_temp
  as $$ select i.org_id, i.id from accounts_invitation i where i.digest = wanted $$;

grant create on schema public to {role};
alter function lookup_slug_taken(text, uuid, timestamptz) owner to {role};
alter function lookup_former_slug(text, timestamptz) owner to {role};
alter function lookup_invitation(bytea) owner to {role};
revoke create on schema public from {role};
"""


REVERSE = """
drop function lookup_slug_taken(text, uuid, timestamptz); drop function lookup_former_slug(text, timestamptz);
drop function lookup_invitation(bytea);
create function lookup_slug_taken(wanted text) returns boolean language sql stable security definer set search_path = public, pg_temp
  as $$ select exists (select from tenancy_org where slug = wanted) $$;
drop policy lookup on tenancy_formerslug; drop policy lookup on accounts_invitation;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_teams_and_invitations"), ("tenancy", "0004_plans_and_former_slugs")]
    operations = [migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE)]
