"""What an operator has broken open, known before a tenant is; and an organization by its address, for opening it."""

from django.conf import settings
from django.db import migrations


def _sql(role: str) -> str:
    return f"""
grant select on accounts_staffaccess, accounts_operator to {role};
create policy lookup on accounts_staffaccess for select to {role} using (true);

create function lookup_org_with(wanted text) returns uuid
  language sql stable security definer set search_path = public, pg_temp
  as $$ select id from tenancy_org where slug = wanted
        and exists (select from accounts_operator where user_id = current_person()) $$;

create function lookup_staff(who uuid, at timestamptz)
  returns table (org_id uuid, slug text, name text, access uuid, ends_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp
  as $$ select o.id, o.slug, o.name, s.id, s.ends_at from accounts_staffaccess s
        join accounts_operator p on p.user_id = s.person join tenancy_org o on o.id = s.org_id
        where s.person = who and s.ended_at is null and s.ends_at > at order by o.name, o.id $$;

grant create on schema public to {role};
alter function lookup_org_with(text) owner to {role};
alter function lookup_staff(uuid, timestamptz) owner to {role};
revoke create on schema public from {role};
"""


REVERSE = """
drop function lookup_org_with(text); drop function lookup_staff(uuid, timestamptz);
drop policy lookup on accounts_staffaccess;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_staff_access")]
    operations = [migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE)]
