"""The time as the database's own guards see it: a caller cannot name another one.

The row that moves it is the owner's alone, and exists in test databases only.
"""

from django.db import migrations

SQL = """
create table vallum_clock (one boolean primary key default true check (one), moved interval not null);

do $do$ declare other text; begin
  for other in select pg_get_userbyid(a.grantee) from pg_class c, aclexplode(c.relacl) a
               where c.oid = 'vallum_clock'::regclass and a.grantee not in (0, c.relowner) group by 1 loop
    execute format('revoke all on vallum_clock from %I', other);
  end loop;
end $do$;

create function vallum_now() returns timestamptz language sql stable security definer set search_path = public, pg_temp
  as $$ select statement_timestamp() + coalesce((select moved from vallum_clock), interval '0') $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0004_plans_and_former_slugs")]
    operations = [migrations.RunSQL(SQL, "drop function vallum_now(); drop table vallum_clock;")]
