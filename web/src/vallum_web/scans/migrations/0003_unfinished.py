"""Which organizations have a scan that waits or runs: asked before any of them is entered."""

from django.conf import settings
from django.db import migrations, models


def _sql(role: str) -> str:
    return f"""
grant select (org_id, status) on scans_scan to {role};
create policy lookup on scans_scan for select to {role} using (status in ('queued', 'running'));

create function lookup_unfinished() returns setof uuid language sql stable security definer set search_path = public, pg_temp
  as $$ select distinct org_id from scans_scan where status in ('queued', 'running') order by org_id $$;

grant create on schema public to {role};
alter function lookup_unfinished() owner to {role};
revoke create on schema public from {role};
"""


REVERSE = """
drop function lookup_unfinished();
drop policy lookup on scans_scan;
"""


class Migration(migrations.Migration):
    dependencies = [("scans", "0002_scan_scan_one_waiting"), ("accounts", "0002_lookups")]
    operations = [
        migrations.AddIndex(
            model_name="scan",
            index=models.Index(
                condition=models.Q(("status__in", ["queued", "running"])), fields=["org"], name="scan_unfinished"
            ),
        ),
        migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE),
    ]
