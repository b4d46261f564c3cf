"""Text search under row-level security.

`@@` is not leakproof, so a policy keeps it from using its index: 550 ms instead of 20 at a million rows. The definer's
function searches with the index, filters by the tenant itself, and returns ids that the outer query reads under the policy.
"""

from django.conf import settings
from django.db import migrations

LIMIT = 5000


def _sql(role: str) -> str:
    return f"""
alter table findings_finding add column words tsvector generated always as (
  to_tsvector('simple', left(title, 500) || ' ' || left(message, 2000) || ' ' || left(path, 1000) || ' '
    || regexp_replace(left(path, 1000), '[/._-]', ' ', 'g') || ' ' || rule || ' ' || package)) stored;
create index finding_words on findings_finding using gin (words);
grant select on findings_finding to {role};
create policy lookup on findings_finding for select to {role} using (true);
create function search_findings(wanted text) returns setof uuid
  language sql stable security definer set search_path = public, pg_temp
  as $$ select id from findings_finding where org_id = current_org() and words @@ to_tsquery('simple', wanted) limit {LIMIT} $$;
grant create on schema public to {role};
alter function search_findings(text) owner to {role};
revoke create on schema public from {role};
"""


REVERSE = """
drop function search_findings(text);
drop policy lookup on findings_finding;
alter table findings_finding drop column words;
"""


class Migration(migrations.Migration):
    dependencies = [("findings", "0001_initial"), ("accounts", "0002_lookups")]
    operations = [migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE)]
