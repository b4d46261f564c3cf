"""How many cases there are, over all organizations: for whoever runs the platform, who sees none of them."""

from django.conf import settings
from django.db import migrations


def _sql(role: str) -> str:
    return f"""
grant select on abuse_abusecase to {role};
create policy lookup on abuse_abusecase for select to {role} using (true);

create function abuse_counts() returns table (rule text, open bigint, ours bigint, ended bigint)
  language sql stable security definer set search_path = public, pg_temp
  as $$ select c.rule, count(*) filter (where c.closed_at is null), count(*) filter (where c.verdict = 'ours'),
          count(*) filter (where c.verdict = 'ended') from abuse_abusecase c group by c.rule $$;

grant create on schema public to {role};
alter function abuse_counts() owner to {role};
revoke create on schema public from {role};
"""


REVERSE = """
drop function abuse_counts(); drop policy lookup on abuse_abusecase;
"""


class Migration(migrations.Migration):
    dependencies = [("abuse", "0001_initial")]
    operations = [migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE)]
