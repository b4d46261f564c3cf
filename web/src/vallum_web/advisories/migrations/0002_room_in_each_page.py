"""A day changes most rows of this table: they find room in their own page, and one index to be in.

Django makes a second one for texts that begin alike, which nobody looks for.
"""

from django.db import migrations

SQL = """
do $do$ declare name text; begin
  for name in select indexname from pg_indexes where tablename = 'advisories_threat' and indexname like '%\\_like' loop
    execute format('drop index %I', name);
  end loop;
end $do$;
alter table advisories_threat set (fillfactor = 50);
"""


class Migration(migrations.Migration):
    dependencies = [("advisories", "0001_initial")]
    operations = [migrations.RunSQL(SQL, "alter table advisories_threat reset (fillfactor);")]
