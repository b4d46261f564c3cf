"""What the hourly count reads of the request log, of which everybody else sees their own alone: no address, no id, no token."""

from django.conf import settings
from django.db import migrations


def _sql(role: str) -> str:
    return f"""
grant select on tenancy_requestlog to {role};
create policy counted on tenancy_requestlog for select to {role} using (true);

create function usage_requests(since timestamptz, until timestamptz)
  returns table (org uuid, person uuid, private boolean, route text, status_class integer, agent text, n bigint)
  language sql stable security definer set search_path = public, pg_temp
  as $$ select r.org, r.person, r.private, r.route, r.status / 100, r.agent, count(*) from tenancy_requestlog r
        where r.at >= since and r.at < until group by 1, 2, 3, 4, 5, 6 $$;

grant create on schema public to {role};
alter function usage_requests(timestamptz, timestamptz) owner to {role};
revoke create on schema public from {role};
"""


REVERSE = """
drop function usage_requests(timestamptz, timestamptz);
drop policy counted on tenancy_requestlog;
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0001_initial"), ("tenancy", "0018_private_requests")]
    operations = [migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE)]
