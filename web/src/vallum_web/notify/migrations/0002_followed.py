"""Which organizations are to be followed: asked before any of them is entered."""

from django.conf import settings
from django.db import migrations


def _sql(role: str) -> str:
    return f"""
grant select (org_id) on notify_follower to {role};
create policy lookup on notify_follower for select to {role} using (true);

create function lookup_followed() returns setof uuid language sql stable security definer set search_path = public, pg_temp
  as $$ select org_id from notify_follower order by org_id $$;

grant create on schema public to {role};
alter function lookup_followed() owner to {role};
revoke create on schema public from {role};
"""


REVERSE = """
drop function lookup_followed();
drop policy lookup on notify_follower;
"""


class Migration(migrations.Migration):
    dependencies = [("notify", "0001_initial"), ("accounts", "0002_lookups")]
    operations = [migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE)]
