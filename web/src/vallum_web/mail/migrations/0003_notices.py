"""Notices: seen and read by their own person alone. One that was posted stands, and is read once."""

import vallum_web.tenancy.clock
import vallum_web.tenancy.keys
from django.conf import settings
from django.db import migrations, models

DELIVERS = "(select current_setting('app.outbox', true)) = 'on'"
OWN = "person = (select current_person())"


def _rules(role: str) -> str:
    return f"""
alter table mail_notice enable row level security;
alter table mail_notice force row level security;
create policy delivery on mail_notice using ({DELIVERS}) with check ({DELIVERS});
create policy written on mail_notice for insert with check (read_at is null);
create policy own on mail_notice for select using ({OWN});
create policy read on mail_notice for update using ({OWN} and read_at is null) with check ({OWN} and read_at is not null);

create function mail_notice_stands() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if old.read_at is not null or to_jsonb(new) - 'read_at' <> to_jsonb(old) - 'read_at' then
    raise exception 'a notice stands as it was posted, and is read once' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger mail_notice_stands before update on mail_notice for each row execute function mail_notice_stands();

grant select on mail_notice to {role};
create policy lookup on mail_notice for select to {role} using (true);
create function lookup_unread(who uuid, orgs uuid[], most int) returns bigint
  language sql stable security definer set search_path = public, pg_temp as $$
  select count(*) from (
    select 1 from mail_notice where person = who and read_at is null and (org is null or org = any(orgs)) limit most
  ) as found $$;
grant create on schema public to {role};
alter function lookup_unread(uuid, uuid[], int) owner to {role};
revoke create on schema public from {role};
"""


REVERSE = """
drop function lookup_unread(uuid, uuid[], int);
drop trigger mail_notice_stands on mail_notice;
drop function mail_notice_stands();
alter table mail_notice no force row level security;
alter table mail_notice disable row level security;
drop policy delivery on mail_notice;
drop policy written on mail_notice;
drop policy own on mail_notice;
drop policy read on mail_notice;
drop policy lookup on mail_notice;
"""


class Migration(migrations.Migration):
    dependencies = [("mail", "0002_outbox")]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(default=vallum_web.tenancy.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ("person", models.UUIDField()),
                ("kind", models.CharField(max_length=20)),
                ("org", models.UUIDField(null=True)),
                ("about", models.CharField(blank=True, default="", max_length=100)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("button", models.CharField(blank=True, default="", max_length=60)),
                ("posted_at", models.DateTimeField(default=vallum_web.tenancy.clock.now)),
                ("read_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(condition=models.Q(("about", ""), _negated=True), fields=("person", "about"), name="notice_once")],
                "indexes": [
                    models.Index(fields=["person", "-id"], name="notice_list"),
                    models.Index(condition=models.Q(("read_at", None)), fields=["person"], name="notice_unread"),
                    models.Index(fields=["kind", "about"], name="notice_about"),
                    models.Index(fields=["posted_at"], name="notice_age"),
                ],
            },
        ),
        migrations.RunSQL(_rules(settings.LOOKUP_ROLE), REVERSE),
    ]
