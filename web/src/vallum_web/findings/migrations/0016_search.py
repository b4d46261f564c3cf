"""A search reads its words in the index and nothing else.

Beside a filter on `org_id` the planner reads all keys of the organization; a query that is a function is made anew for each row.
"""

from django.conf import settings
from django.db import migrations


def _search(own: str, role: str) -> str:
    return f"""
drop function search_findings(text);
create function search_findings(wanted text) returns setof uuid
  language sql stable security definer set search_path = public, pg_temp set work_mem = '32MB'
  as $$ select id from findings_finding where {own} and words @@ (select findings_query(wanted)) limit 5000 $$;
grant create on schema public to {role};
alter function search_findings(text) owner to {role};
revoke create on schema public from {role};
"""


class Migration(migrations.Migration):
    dependencies = [("findings", "0015_lists")]
    operations = [
        migrations.RunSQL(
            _search("org_id::text = current_org()::text", settings.LOOKUP_ROLE),
            _search("org_id = current_org()", settings.LOOKUP_ROLE),
        )
    ]
