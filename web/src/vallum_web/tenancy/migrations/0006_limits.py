"""Named limits: what is used of them, an organization's own values, and how often it was refused."""

import django.db.models.deletion
import vallum_web.tenancy.clock
import vallum_web.tenancy.isolation
import vallum_web.tenancy.keys
from django.conf import settings
from django.db import migrations, models

# Lost in a crash, which is no loss, and not in the log of writes. No index but the key's, and room in each page: an update
# of a row that is taken from a hundred times a second then stays in its page.
USE = "alter table tenancy_limituse set unlogged, set (fillfactor = 50)"
REVERSE_USE = "alter table tenancy_limituse set logged, reset (fillfactor)"


def _sql(role: str) -> str:
    return f"""
grant select on tenancy_limitoverride to {role};
create policy lookup on tenancy_limitoverride for select to {role} using (true);

create function lookup_limits_of(wanted uuid) returns table (name text, count integer, seconds integer, burst integer)
  language sql stable security definer set search_path = public, pg_temp
  as $$ select name, count, seconds, burst from tenancy_limitoverride where org_id = wanted $$;

grant create on schema public to {role};
alter function lookup_limits_of(uuid) owner to {role};
revoke create on schema public from {role};
"""


REVERSE = """
drop function lookup_limits_of(uuid);
drop policy lookup on tenancy_limitoverride;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tenancy', '0005_now'),
    ]

    operations = [
        migrations.CreateModel(
            name='LimitUse',
            fields=[
                ('key', models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ('moment', models.DateTimeField()),
                ('passed', models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name='LimitOverride',
            fields=[
                ('id', models.UUIDField(default=vallum_web.tenancy.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('count', models.PositiveIntegerField()),
                ('seconds', models.PositiveIntegerField()),
                ('burst', models.PositiveIntegerField()),
                ('set_at', models.DateTimeField(default=vallum_web.tenancy.clock.now)),
                ('org', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenancy.org')),
            ],
            options={
                'abstract': False,
                'constraints': [vallum_web.tenancy.isolation.RowLevelSecurity(field='org_id', name='tenancy_limitoverride_tenant'), models.UniqueConstraint(fields=('org', 'id'), name='tenancy_limitoverride_org_id'), models.UniqueConstraint(fields=('org', 'name'), name='limitoverride_once')],
            },
        ),
        migrations.CreateModel(
            name='LimitRefusal',
            fields=[
                ('id', models.UUIDField(default=vallum_web.tenancy.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('hour', models.DateTimeField()),
                ('count', models.PositiveIntegerField()),
                ('org', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenancy.org')),
            ],
            options={
                'abstract': False,
                'constraints': [vallum_web.tenancy.isolation.RowLevelSecurity(field='org_id', name='tenancy_limitrefusal_tenant'), models.UniqueConstraint(fields=('org', 'id'), name='tenancy_limitrefusal_org_id'), models.UniqueConstraint(fields=('org', 'name', 'hour'), name='limitrefusal_hour')],
            },
        ),
        migrations.RunSQL(USE, REVERSE_USE),
        migrations.RunSQL(_sql(settings.LOOKUP_ROLE), REVERSE),
    ]
