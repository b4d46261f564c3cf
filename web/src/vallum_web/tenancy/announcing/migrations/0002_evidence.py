"""Evidence stands as it was written: who was told, and what happened, is added, and never changed.

The application may delete who was told, for that goes after five years; announcements and what happened to them it may not.
"""

from django.db import migrations


def _revoke(table: str, what: str) -> str:
    return f"""
do $do$ declare other text; begin
  for other in select pg_get_userbyid(a.grantee) from pg_class c, aclexplode(c.relacl) a
               where c.oid = '{table}'::regclass and a.grantee not in (0, c.relowner) group by 1 loop
    execute format('revoke {what}, truncate, references, trigger on {table} from %I', other);
  end loop;
end $do$;
"""


class Migration(migrations.Migration):
    dependencies = [("announcing", "0001_initial")]

    operations = [
        migrations.RunSQL(
            _revoke("announcing_told", "update")
            + _revoke("announcing_step", "update, delete")
            + _revoke("announcing_announcement", "delete"),
            migrations.RunSQL.noop,
        ),
    ]
