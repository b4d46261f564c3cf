"""A search reads its words in the index and nothing else.

Beside a filter on `org_id` the planner reads all keys of the organization; a query that is a function is made anew for each row.
"""

from django.conf import settings
from django.db import migrations


def _search(body: str, role: str) -> str:
    return f"""
drop function search_findings(text);
create function search_findings(wanted text) returns setof uuid
  language sql stable security definer set search_path = public, pg_temp set work_mem = '32MB' as $$ {body} $$;
grant create on schema public to {role};
alter function search_findings(text) owner to {role};
revoke create on schema public from {role};
"""


# Whole words first: where they alone are more than a search returns, nobody needs what merely begins with them, which takes the
# index several times as long.
_WORDS = """
with whole as materialized (
  select id from findings_finding
  where org_id::text = current_org()::text and words @@ (select replace(findings_query(wanted)::text, ':*', '')::tsquery)
  limit 5000
)
select id from whole where (select count(*) from whole) = 5000
union all (
  select id from findings_finding
  where (select count(*) from whole) < 5000 and org_id::text = current_org()::text and words @@ (select findings_query(wanted))
  limit 5000
)
"""
_BEFORE = "select id from findings_finding where org_id = current_org() and words @@ findings_query(wanted) limit 5000"


class Migration(migrations.Migration):
    dependencies = [("findings", "0015_lists")]
    operations = [
        migrations.RunSQL(_search(_WORDS, settings.LOOKUP_ROLE), _search(_BEFORE, settings.LOOKUP_ROLE)),
    ]
