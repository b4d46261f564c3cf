"""Deletions, shown to the privacy centre and the purge alone; and who is being deleted, hidden from all other work."""

import vallum_web.tenancy.clock
import vallum_web.tenancy.keys
from django.db import migrations, models

# Tables that look-ups before a tenant read, and by which column an organization is named in each.
LOOKED_UP = {
    "tenancy_org": "id",
    "accounts_membership": "org_id",
    "accounts_apitoken": "org_id",
    "accounts_invitation": "org_id",
    "accounts_staffaccess": "org_id",
    "accounts_identityprovider": "org_id",
    "accounts_domain": "org_id",
    "accounts_ssoidentity": "org_id",
    "notify_follower": "org_id",
    "scans_scan": "org_id",
}
AS_BEFORE = {"scans_scan": "status in ('queued', 'running')"}
SHOWN = "(select vallum_looks_back()) or {column} not in (select id from tenancy_leaving)"


def _sql() -> str:
    lines = [
        f"alter policy lookup on {table} using ({AS_BEFORE.get(table, 'true')} and ({SHOWN.format(column=column)}));"
        for table, column in LOOKED_UP.items()
    ]
    return "\n".join((
        *lines,
        "alter table accounts_user enable row level security;",
        "alter table accounts_user force row level security;",
        f"create policy present on accounts_user using ({SHOWN.format(column='id')}) with check ({SHOWN.format(column='id')});",
        "alter table privacy_erasure_deletion enable row level security;",
        "alter table privacy_erasure_deletion force row level security;",
        "create policy privacy on privacy_erasure_deletion using (vallum_looks_back()) with check (vallum_looks_back());",
        """
create function vallum_forget_acceptances(who uuid) returns bigint
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  changed bigint;
begin
  if vallum_purpose() <> 'purge' then
    raise exception 'Acceptances change in a purge alone.';
  end if;
  update accounts_acceptance set network = '', device = '' where user = who;
  get diagnostics changed = row_count;
  return changed;
end $$;
""".replace("where user", 'where "user"'),
    ))


def _reverse() -> str:
    return "\n".join((
        "drop function vallum_forget_acceptances(uuid);",
        "drop policy present on accounts_user;",
        "alter table accounts_user no force row level security;",
        "alter table accounts_user disable row level security;",
        *(f"alter policy lookup on {table} using ({AS_BEFORE.get(table, 'true')});" for table in LOOKED_UP),
    ))


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("tenancy", "0016_leaving"),
        ("accounts", "0014_last_look"),
        ("notify", "0003_shape"),
        ("scans", "0007_asking"),
    ]
    operations = [
        migrations.CreateModel(
            name="Deletion",
            fields=[
                ("id", models.UUIDField(default=vallum_web.tenancy.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ("whose", models.CharField(choices=[("person", "Account"), ("org", "Organization")], max_length=6)),
                ("subject", models.UUIDField()),
                ("state", models.CharField(choices=[("pending", "Hidden, and can be had back"), ("recovered", "Taken back"), ("purging", "Being deleted for good"), ("purged", "Deleted for good")], default="pending", max_length=9)),
                ("asked_at", models.DateTimeField(default=vallum_web.tenancy.clock.now)),
                ("asked_by", models.UUIDField(null=True)),
                ("purge_at", models.DateTimeField()),
                ("silent", models.BooleanField(default=False)),
                ("told_near", models.BooleanField(default=False)),
                ("done", models.JSONField(default=dict)),
                ("facts", models.JSONField(default=dict)),
                ("sealed", models.TextField(blank=True, default="")),
                ("purged_at", models.DateTimeField(null=True)),
                ("backups_until", models.DateField(null=True)),
                ("receipt_link", models.BinaryField(max_length=32, null=True)),
                ("receipt", models.JSONField(null=True)),
                ("second_receipt", models.JSONField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["state", "purge_at"], name="deletion_due")],
                "constraints": [models.UniqueConstraint(condition=models.Q(("state__in", ("pending", "purging"))), fields=("subject",), name="deletion_once")],
            },
        ),
        migrations.RunSQL(_sql(), _reverse()),
    ]
