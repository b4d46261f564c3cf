"""Known before a tenant is: which provider answers for a domain or an address, whose a provider is, and which one is mine."""

from django.conf import settings
from django.db import migrations

_MINE = """
select o.id, o.slug, o.name, m.role{more} from accounts_membership m join tenancy_org o on o.id = m.org_id
where m.user_id = current_person()
"""

# Whether this organization lets the person in by single sign-on alone: its provider knows them, or it proved their domain.
_BOUND = """, exists (
  select from accounts_identityprovider p where p.org_id = o.id and p.enforced and (
    exists (select from accounts_ssoidentity i where i.org_id = o.id and i.user_id = m.user_id)
    or exists (
      select from accounts_domain d join accounts_user u on d.name = lower(split_part(u.email, '@', 2))
      where d.org_id = o.id and d.verified_at is not null and u.id = m.user_id
    )
  )
)"""


def _sql(role: str) -> str:
    return f"""
grant select on accounts_identityprovider, accounts_domain, accounts_ssoidentity to {role};
grant select (id, email) on accounts_user to {role};
create policy lookup on accounts_identityprovider for select to {role} using (true);
create policy lookup on accounts_domain for select to {role} using (true);
create policy lookup on accounts_ssoidentity for select to {role} using (true);

drop function lookup_my_orgs();
create function lookup_my_orgs() returns table (org_id uuid, slug text, name text, role text, sso boolean)
  language sql stable security definer set search_path = public, pg_temp as $$ {_MINE.format(more=_BOUND)} $$;

create function lookup_sso(wanted text, by_domain boolean) returns table (org_id uuid, id uuid)
  language sql stable security definer set search_path = public, pg_temp
  as $$ select p.org_id, p.id from accounts_identityprovider p where p.enabled and p.org_id = case
        when by_domain then (select d.org_id from accounts_domain d where d.name = wanted and d.verified_at is not null)
        else (select o.id from tenancy_org o where o.slug = wanted) end $$;

create function lookup_provider(wanted uuid) returns uuid
  language sql stable security definer set search_path = public, pg_temp
  as $$ select p.org_id from accounts_identityprovider p where p.id = wanted $$;

create function lookup_my_sso() returns table (org_id uuid, id uuid)
  language sql stable security definer set search_path = public, pg_temp
  as $$ select p.org_id, p.id from accounts_ssoidentity i
        join accounts_identityprovider p on p.id = i.provider_id and p.enabled
        join accounts_user u on u.id = i.user_id
        join accounts_domain d on d.org_id = i.org_id and d.verified_at is not null and d.name = lower(split_part(u.email, '@', 2))
        where i.user_id = current_person() $$;

grant create on schema public to {role};
alter function lookup_my_orgs() owner to {role};
alter function lookup_sso(text, boolean) owner to {role};
alter function lookup_provider(uuid) owner to {role};
alter function lookup_my_sso() owner to {role};
revoke create on schema public from {role};
"""


REVERSE = f"""
drop function lookup_sso(text, boolean); drop function lookup_provider(uuid); drop function lookup_my_sso();
drop function lookup_my_orgs();
create function lookup_my_orgs() returns table (org_id uuid, slug text, name text, role text)
  language sql stable security definer set search_path = public, pg_temp as $$ {_MINE.format(more="")} $$;
drop policy lookup on accounts_identityprovider; drop policy lookup on accounts_domain; drop policy lookup on accounts_ssoidentity;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_single_sign_on")]
    operations = [migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE)]
