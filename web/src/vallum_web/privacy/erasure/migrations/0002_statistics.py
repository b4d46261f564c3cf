"""Of a table that became empty ANALYZE keeps what it knew of values that were there: from PostgreSQL 18 on that can be cleared first."""

from django.db import migrations

_BODY = """
create or replace function vallum_refresh(wanted regclass) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  attribute text;
begin
  if vallum_purpose() <> 'purge' then
    raise exception 'Statistics are refreshed by a purge alone.';
  end if;
  {clearing}
  execute format('analyze %s', wanted);
end $$;
"""
_CLEARING = """
  if current_setting('server_version_num')::integer >= 180000 then
    for attribute in select attname from pg_attribute where attrelid = wanted and attnum > 0 and not attisdropped loop
      perform pg_clear_attribute_stats('public', (select relname from pg_class where oid = wanted)::text, attribute, false);
    end loop;
  end if;
"""


class Migration(migrations.Migration):
    dependencies = [("privacy_erasure", "0001_initial")]
    operations = [migrations.RunSQL(_BODY.format(clearing=_CLEARING), _BODY.format(clearing=""))]
