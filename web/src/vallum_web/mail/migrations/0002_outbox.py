"""The outbox that is sent from: states, leases, sealed contents; and what people want of it.

Mails that were kept in the open go: whoever waits for one asks for it again.
"""

import vallum_web.tenancy.clock
import vallum_web.tenancy.keys
from django.conf import settings
from django.db import migrations, models

TABLES = ("mail_message", "mail_choice", "mail_habits", "mail_suppression", "mail_told")
# Whom a row belongs to, beside whoever delivers.
OWN = {
    "mail_message": "org = (select current_org()) or person = (select current_person())",
    "mail_choice": "person = (select current_person())",
    "mail_habits": "person = (select current_person())",
}
DELIVERS = "(select current_setting('app.outbox', true)) = 'on'"


def _rules(role: str) -> str:
    said = []
    for table in TABLES:
        said += [
            f"alter table {table} enable row level security",
            f"alter table {table} force row level security",
            f"create policy delivery on {table} using ({DELIVERS}) with check ({DELIVERS})",
        ]
    said += [
        # Anybody may write a mail, and only see it where it is theirs.
        "create policy written on mail_message for insert with check (true)",
        f"create policy own on mail_message for select using ({OWN['mail_message']})",
        f"create policy own on mail_choice using ({OWN['mail_choice']}) with check ({OWN['mail_choice']})",
        f"create policy own on mail_habits using ({OWN['mail_habits']}) with check ({OWN['mail_habits']})",
        f"grant select on mail_suppression to {role}",
        f"create policy lookup on mail_suppression for select to {role} using (true)",
        """create function lookup_suppressed(wanted bytea) returns text
             language sql stable security definer set search_path = public, pg_temp
             as $$ select why from mail_suppression where recipient = wanted $$""",
        f"grant create on schema public to {role}",
        f"alter function lookup_suppressed(bytea) owner to {role}",
        f"revoke create on schema public from {role}",
    ]
    return ";\n".join(said)


REVERSE = "drop function lookup_suppressed(bytea);" + "".join(
    f"alter table {table} no force row level security; alter table {table} disable row level security;"
    f"drop policy delivery on {table}; drop policy if exists written on {table}; drop policy if exists own on {table};"
    f"drop policy if exists lookup on {table};"
    for table in TABLES
)


class Migration(migrations.Migration):

    dependencies = [
        ("mail", "0001_initial"),
        ("tenancy", "0002_initial"),
    ]

    operations = [
        migrations.DeleteModel(name="Message"),
        migrations.CreateModel(
            name='Habits',
            fields=[
                ('person', models.UUIDField(primary_key=True, serialize=False)),
                ('zone', models.CharField(default='UTC', max_length=60)),
                ('quiet_from', models.TimeField(null=True)),
                ('quiet_until', models.TimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('recipient', models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ('why', models.CharField(choices=[('bounced', 'Mails come back'), ('complained', 'Called spam')], max_length=10)),
                ('at', models.DateTimeField(default=vallum_web.tenancy.clock.now)),
                ('message', models.UUIDField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Choice',
            fields=[
                ('id', models.UUIDField(default=vallum_web.tenancy.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('person', models.UUIDField()),
                ('kind', models.CharField(max_length=20)),
                ('wanted', models.BooleanField()),
                ('set_at', models.DateTimeField(default=vallum_web.tenancy.clock.now)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'kind'), name='choice_once')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=vallum_web.tenancy.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=20)),
                ('org', models.UUIDField(null=True)),
                ('person', models.UUIDField(null=True)),
                ('recipient', models.BinaryField(max_length=16)),
                ('sealed', models.TextField(blank=True)),
                ('dedupe', models.CharField(blank=True, default='', max_length=100)),
                ('urgent', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('sending', 'Being sent'), ('sent', 'Handed over'), ('delivered', 'Delivered'), ('bounced', 'Came back'), ('dropped', 'Not sent'), ('unknown', 'Nobody knows')], default='queued', max_length=10)),
                ('why', models.CharField(blank=True, default='', max_length=80)),
                ('written_at', models.DateTimeField(default=vallum_web.tenancy.clock.now)),
                ('due_at', models.DateTimeField(default=vallum_web.tenancy.clock.now)),
                ('not_after', models.DateTimeField()),
                ('lease_until', models.DateTimeField(null=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('doubt_since', models.DateTimeField(null=True)),
                ('held', models.BooleanField(default=False)),
                ('transport', models.CharField(blank=True, default='', max_length=10)),
                ('provider_id', models.CharField(blank=True, default='', max_length=80)),
                ('ended_at', models.DateTimeField(null=True)),
                ('complained_at', models.DateTimeField(null=True)),
                ('reviewed_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('dedupe', ''), _negated=True), fields=('dedupe',), name='message_dedupe')],
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['due_at'], name='message_due'), models.Index(condition=models.Q(('state', 'sending')), fields=['lease_until'], name='message_leased'), models.Index(condition=models.Q(('provider_id', ''), _negated=True), fields=['provider_id'], name='message_provider'), models.Index(fields=['recipient', '-written_at'], name='message_recipient'), models.Index(fields=['-written_at'], name='message_recent')],
            },
        ),
        migrations.CreateModel(
            name='Told',
            fields=[
                ('id', models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=vallum_web.tenancy.clock.now)),
                ('kind', models.CharField(max_length=40)),
            ],
            options={
                'indexes': [models.Index(fields=['-at'], name='told_recent')],
            },
        ),
        migrations.RunSQL(_rules(settings.LOOKUP_ROLE), REVERSE),
    ]
