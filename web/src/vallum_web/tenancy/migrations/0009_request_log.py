"""The request log: anybody may add to it, an organization and a person see their own, and nothing goes before its time."""

import django.contrib.postgres.indexes
from django.db import migrations, models


# Expired rows are visible to all, or nobody could delete them: a condition reads what it deletes.
RULES = """
alter table tenancy_requestlog enable row level security;
alter table tenancy_requestlog force row level security;
create policy added on tenancy_requestlog for insert with check (true);
create policy own on tenancy_requestlog for select
  using (org = (select current_org()) or person = (select current_person()) or at < vallum_now() - interval '30 days');
create policy expired on tenancy_requestlog for delete using (at < vallum_now() - interval '30 days');
"""
REVERSE = """
drop policy expired on tenancy_requestlog; drop policy own on tenancy_requestlog; drop policy added on tenancy_requestlog;
alter table tenancy_requestlog no force row level security;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tenancy', '0008_egress_entries'),
    ]

    operations = [
        migrations.CreateModel(
            name='RequestLog',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('method', models.CharField(max_length=10)),
                ('route', models.CharField(max_length=100)),
                ('status', models.PositiveSmallIntegerField()),
                ('milliseconds', models.PositiveIntegerField()),
                ('org', models.UUIDField(null=True)),
                ('person', models.UUIDField(null=True)),
                ('token', models.UUIDField(null=True)),
                ('address', models.CharField(max_length=45)),
                ('agent', models.CharField(max_length=200)),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['at'], name='requestlog_at'), models.Index(fields=['org', 'at'], name='requestlog_org')],
            },
        ),
        migrations.RunSQL(RULES, REVERSE),
    ]
