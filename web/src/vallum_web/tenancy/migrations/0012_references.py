import django.db.models.deletion
from django.db import migrations, models

# Nested loops, whatever the statement that wrote has chosen for itself: few keys are looked up in a large table.
FUNCTIONS = """
create function vallum_refers() returns trigger language plpgsql
  set search_path = public, pg_temp set enable_nestloop = on as $$
declare
  lost bigint;
begin
  execute format(
    'with wanted as (select distinct org_id, %2$I as key from written where %2$I is not null), '
    'held as (select p.id from %1$I p join wanted w on p.org_id = w.org_id and p.id = w.key %3$s) '
    'select (select count(*) from wanted) - (select count(*) from held)',
    tg_argv[0], tg_argv[1], case when tg_argv[2]::boolean then 'for key share of p' else '' end) into lost;
  if lost > 0 then
    raise foreign_key_violation using table = tg_table_name, column = tg_argv[1],
      message = format('%s of the rows that %s.%s refers to are not in %s', lost, tg_table_name, tg_argv[1], tg_argv[0]);
  end if;
  return null;
end $$;

create function vallum_referred() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
  used boolean;
begin
  execute format('select exists (select from %I c join gone g on c.org_id = g.org_id and c.%I = g.id)', tg_argv[0], tg_argv[1])
    into used;
  if used then
    raise foreign_key_violation using table = tg_argv[0], column = tg_argv[1],
      message = format('rows of %s are still referred to by %s.%s', tg_table_name, tg_argv[0], tg_argv[1]);
  end if;
  return null;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0011_repeatable")]
    operations = [
        migrations.RunSQL(FUNCTIONS, "drop function vallum_refers(); drop function vallum_referred();"),
        migrations.AlterField(
            model_name="event",
            name="org",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenancy.org",
            ),
        ),
        migrations.RemoveConstraint(model_name="event", name="tenancy_event_org_id"),
    ]
