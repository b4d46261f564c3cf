"""The functions that policies and set-based inserts stand on; before any table."""

from django.db import migrations

FUNCTIONS = """
create function current_org() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('app.org_id', true), '')::uuid $$;

create function current_person() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('app.user_id', true), '')::uuid $$;

-- RFC 9562 version 7. PostgreSQL brings its own from 18 on, many times as fast; before that, core functions make one.
do $do$ begin
  if current_setting('server_version_num')::integer >= 180000 then
    create function vallum_uuid7() returns uuid language sql volatile parallel safe as $$ select uuidv7() $$;
  else
    create function vallum_uuid7() returns uuid language sql volatile parallel safe
      as $$ select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
            placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
            52, 1), 53, 1), 'hex')::uuid $$;
  end if;
end $do$;

create unlogged table config_cache (cache_key varchar(255) primary key, value text not null, expires timestamptz not null);
create index config_cache_expires on config_cache (expires);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: list = []
    operations = [
        migrations.RunSQL(
            FUNCTIONS,
            "drop table config_cache; drop function vallum_uuid7(); drop function current_person(); drop function current_org();",
        )
    ]
