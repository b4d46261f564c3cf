"""The copy of everything on a person: a row of every table that is on people, theirs and nobody else's."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from making import stored

from vallum_web.accounts import tokens
from vallum_web.accounts.models import (
    Acceptance,
    EmailChange,
    IdentityProvider,
    Membership,
    Operator,
    ScimUser,
    SignIn,
    SsoIdentity,
    Team,
    TeamMember,
)
from vallum_web.accounts.objections.models import Objection, Restriction
from vallum_web.accounts.suspensions.models import Appeal, Suspension
from vallum_web.accounts.usage.models import PersonUse
from vallum_web.findings.models import Comment, View
from vallum_web.mail import services as mails
from vallum_web.mail.letters import Letter
from vallum_web.mail.models import Choice, Habits, Notice
from vallum_web.mail.recipients import Recipient
from vallum_web.notify.models import Rule
from vallum_web.operator.breaches.models import Affected, Incident, Listing, Telling, Told
from vallum_web.privacy.exports import services, tables, work
from vallum_web.privacy.exports.models import Archive, PersonExport
from vallum_web.privacy.inactivity.models import Idle
from vallum_web.privacy.requests import services as requests
from vallum_web.tenancy import blobs, clock
from vallum_web.tenancy.announcing import models as announcing
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import RequestLog
from vallum_web.tenancy.scope import person, scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-6a", "PP-Q4")]


def _finding(org, who):
    from making import report, secret  # noqa: PLC0415 - only the two tables of findings need it

    from vallum_web.assets import services as assets  # noqa: PLC0415 - as above
    from vallum_web.findings import services as findings  # noqa: PLC0415 - as above
    from vallum_web.findings.models import Finding  # noqa: PLC0415 - as above
    from vallum_web.scans import services as scans  # noqa: PLC0415 - as above

    asset = assets.add(org, "repository", f"of-{who.name}", who.pk)
    findings.digest(scans.uploaded(asset, who.pk), report(secret(who.name)))
    return Finding.objects.of(org).get(asset=asset)


def _team_member(org, who):
    team = Team.objects.create(org=org, name=f"team of {who.name}")
    member = Membership.objects.of(org).get(user=who)
    return TeamMember.objects.create(org=org, team=team, member=member)


def _sso(org, who):
    provider = IdentityProvider.objects.create(
        org=org, kind="oidc", name="Login", issuer="https://i.example", made_by=who.pk
    )
    return SsoIdentity.objects.create(org=org, provider=provider, subject=f"{who.name}-1", user=who)


def _message(_org, who):
    key = mails.queue(
        kind="security", to=Recipient(address=who.email, person=who.pk), letter=Letter(subject="s", text="t")
    )
    return type("Row", (), {"pk": key})


def _request(_org, who):
    return requests.ask(who, requests.Wanted(kind="other", text="What do you know?"))


def _incident():
    return Incident.objects.create(name="A stolen key", source="own", detected_at=NOW(), aware_at=NOW())


def _affected(_org, who):
    listing = Listing.objects.create(incident=_incident(), asked={}, people=1, gone=0, digest="0")
    return Affected.objects.create(listing=listing, person=who.pk)


def _told(_org, who):
    telling = Telling.objects.create(incident=_incident(), whom="people", number=1, text="t", digest="0")
    return Told.objects.create(telling=telling, person=who.pk, mail=uuid4())


def _suspension(who):
    return Suspension.objects.create(
        whose="person", subject=who.pk, clause="resale", reason="sold", starts_at=NOW(), ended_at=NOW()
    )


NOW = clock.now
# How a row of each table comes to be on somebody. A table of people that is not here fails the test below.
EXAMPLES = {
    "account.EmailAddress": lambda _, who: EmailAddress.objects.create(user=who, email=f"other-{who.email}"),
    "accounts.Acceptance": lambda _, who: Acceptance.objects.create(user=who.pk, document="terms", version=99, method="later"),
    "accounts.ApiToken": lambda org, who: tokens.make(org, who, tokens.Wanted(name=f"of {who.name}", role="auditor"))[0],
    "accounts.EmailChange": lambda _, who: EmailChange.objects.create(user=who, before=who.email, after=f"new-{who.email}"),
    "accounts.Membership": lambda org, who: Membership.objects.of(org).get(user=who),
    "accounts.Operator": lambda _, who: Operator.objects.create(user=who),
    "accounts.ScimUser": lambda org, who: ScimUser.objects.create(org=org, person=who.pk, user_name=who.email, user_name_key=who.email),
    "accounts.SignIn": lambda _, who: SignIn.objects.create(user=who, kind="password", device=f"Firefox of {who.name}"),
    "accounts.SsoIdentity": _sso,
    "accounts.TeamMember": _team_member,
    "accounts.User": lambda _, who: who,
    "findings.Comment": lambda org, who: Comment.objects.create(org=org, finding=_finding(org, who), by=who.pk, text=f"says {who.name}"),
    "findings.View": lambda org, who: View.objects.create(org=org, name=f"of {who.name}", query="", by=who.pk),
    "mail.Choice": lambda _, who: Choice.objects.create(person=who.pk, kind="digest", wanted=False),
    "mail.Habits": lambda _, who: Habits.objects.create(person=who.pk, zone="Europe/Paris"),
    "mail.Message": _message,
    "mail.Notice": lambda _, who: Notice.objects.create(person=who.pk, kind="news", title="t", text=f"for {who.name}"),
    "mfa.Authenticator": lambda _, who: Authenticator.objects.create(user=who, type="totp", data={"secret": "hidden"}),
    "notify.Rule": lambda org, who: Rule.objects.create(org=org, person=who.pk, name=f"of {who.name}", way="inbox", rhythm="once"),
    "operator_breaches.Affected": _affected,
    "operator_breaches.Told": _told,
    "privacy_exports.PersonExport": lambda _, who: PersonExport.objects.create(
        person=who.pk, expires_at=NOW() + timedelta(days=1), asked_at=NOW() - timedelta(days=2), status="failed"
    ),
    "announcing.Told": lambda _, who: announcing.Told.objects.create(
        announcement=announcing.Announcement.objects.create(kind="letter", what="letter", said={}), person=who.pk
    ),
    "privacy_inactivity.Idle": lambda _, who: Idle.objects.create(person=who.pk, used_at=NOW(), due_at=NOW()),
    "privacy_objections.Objection": lambda _, who: Objection.objects.create(person=who.pk, purpose="usage"),
    "privacy_objections.Restriction": lambda _, who: Restriction.objects.create(person=who.pk, reason="disputed"),
    "privacy_requests.Request": _request,
    "privacy_requests.Step": lambda org, who: _request(org, who).steps.first(),
    "suspensions.Appeal": lambda _, who: Appeal.objects.create(
        suspension=_suspension(who), text=f"{who.name} objects", made_by=who.pk, due_at=NOW()
    ),
    "suspensions.Suspension": lambda _, who: _suspension(who),
    "tenancy.RequestLog": lambda _, who: RequestLog.objects.create(
        id=uuid7(), at=NOW(), method="GET", route="home", status=200, milliseconds=3, person=who.pk, address="192.0.2.1", agent="x"
    ),
    "usage.PersonUse": lambda _, who: PersonUse.objects.create(person=who.pk, day=NOW().date(), feature="Findings", n=3),
    "usersessions.UserSession": lambda _, who: UserSession.objects.create(
        user=who, ip="192.0.2.1", user_agent="x", session_key=f"key-of-{who.name}-hidden"
    ),
}  # fmt: skip


def everything(org, who):
    """A row of every table for somebody: their keys by table."""
    made = {}
    for label, example in EXAMPLES.items():
        table = tables.of_person()[label]
        with scope(org.pk, user=who.pk) if table.is_tenants else person(who.pk):
            made[label] = example(org, who).pk
    return made


def written(row):
    """The archive of an export that is written."""
    work.run(PersonExport, row.person, row.pk)
    row.refresh_from_db()
    assert row.status == Archive.Status.DONE, row.failure
    data = b"".join(stored(row.person, _key(part), services.SHELF) for part in row.parts)
    return zipfile.ZipFile(io.BytesIO(data))


def _key(part):
    from uuid import UUID  # noqa: PLC0415 - one use

    return UUID(part["blob"])


def rows_of(archive, label):
    names = [name for name in archive.namelist() if name.startswith(f"json/{label}-")]
    return [row for name in names for row in json.loads(archive.read(name))]


def test_every_table_of_people_has_an_example():
    assert sorted(EXAMPLES) == sorted(tables.of_person())


def test_everything_of_mine_is_in_it_and_nothing_of_anybody_else(people, monkeypatch):
    monkeypatch.setattr(tables, "PAGE", 2)
    monkeypatch.setattr(work, "PART_ROWS", 5)
    theirs = everything(people.org, people.alice)
    mine = everything(people.org, people.bob)
    archive = written(services.ask_for_person(people.bob))
    assert archive.testzip() is None
    for label, key in mine.items():
        rows = rows_of(archive, label)
        keys = {str(row.get("id") or row.get("user") or row.get("person")) for row in rows}
        assert str(key) in keys, label
        if label != "accounts.Membership":
            assert str(theirs[label]) not in keys, label
    text = b"".join(archive.read(name) for name in archive.namelist())
    for canary in (people.alice.email.encode(), b"says Alice", str(people.alice.pk).encode(), b"-hidden", b'"hidden"'):
        assert canary not in text, canary
    assert b"says Bob" in text


def test_the_manifest_proves_every_file_and_explains_every_field(people):
    archive = written(services.ask_for_person(people.bob))
    manifest = json.loads(archive.read("manifest.json"))
    files = {file["name"]: file for file in manifest["files"]}
    assert files.keys() | {"manifest.json"} == set(archive.namelist())
    for name, file in files.items():
        data = archive.read(name)
        assert (len(data), sha256(data).hexdigest()) == (file["size"], file["sha256"])
    for label, fields in manifest["tables"].items():
        for row in rows_of(archive, label):
            assert row.keys() == fields.keys()
            assert all(field["purpose"] and field["kept"] for field in fields.values())
    (name,) = [name for name in files if name.startswith("csv/accounts.User-")]
    (line,) = csv.DictReader(io.StringIO(archive.read(name).decode(), newline=""))
    assert line["email"] == people.bob.email
    assert people.bob.email in archive.read("html/accounts.User-0001.html").decode()
    assert "accounts.User-0001.html" in archive.read("index.html").decode()


class Killed(BaseException):
    """What a `kill -9` is to a process: nothing of it runs any more."""


def test_killed_after_every_part_it_goes_on_behind_the_last(people, monkeypatch):
    """Each attempt dies after it has kept one more part; what comes out in the end is what one attempt writes."""
    monkeypatch.setattr(work, "PART_ROWS", 2)
    monkeypatch.setattr(services, "MAX_ATTEMPTS", 100)
    row = services.ask_for_person(people.bob)
    keep, kept = services.keep, []

    def dying(*args):
        keep(*args)
        kept.append(1)
        raise Killed

    monkeypatch.setattr(services, "keep", dying)
    while True:
        row.refresh_from_db()
        if row.parts and row.parts[-1]["next"][0] > len(row.plan):
            break
        with pytest.raises(Killed):
            work.run(PersonExport, row.person, row.pk)
    monkeypatch.setattr(services, "keep", keep)
    archive = written(row)
    assert len(kept) > 2
    assert row.attempts == len(kept) + 1
    assert archive.testzip() is None
    assert len(archive.namelist()) == len(set(archive.namelist()))
    assert [each["email"] for each in rows_of(archive, "accounts.User")] == [people.bob.email]


def test_too_many_attempts_end_it_with_words(people, monkeypatch):
    row = services.ask_for_person(people.bob)
    monkeypatch.setattr(services, "MAX_ATTEMPTS", 0)
    work.run(PersonExport, row.person, row.pk)
    row.refresh_from_db()
    assert (row.status, row.failure[:12]) == ("failed", "Broken off 0")
    services.ask_for_person(people.bob)  # what failed does not count as the one of the day


def test_one_in_a_day_and_gone_in_a_week(people, signed_in, monkeypatch):
    browser = signed_in(people.bob)
    assert browser.post("/accounts/privacy/copies/make/").status_code == 302
    answer = browser.post("/accounts/privacy/copies/make/", follow=True)
    assert "within the last 24 hours" in answer.content.decode()
    row = PersonExport.objects.get(person=people.bob.pk)
    archive = written(row)
    path = f"/accounts/privacy/copies/{row.pk}/download/"
    whole = browser.get(path)
    data = b"".join(whole)
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == archive.namelist()
    part = browser.get(path, headers={"Range": "bytes=10-99"})
    assert (part.status_code, b"".join(part)) == (206, data[10:100])
    assert signed_in(people.alice).get(path).status_code == 404
    stale = signed_in(people.bob, fresh=False).get(path)
    assert (stale.status_code, "reauthenticate" in stale["Location"]) == (302, True)
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert services.expire(PersonExport, people.bob.pk) == 1
    assert browser.get(path).status_code in {302, 404}
    assert [
        part for part in row.parts if blobs.path(row.person, _key(part), shelf=services.SHELF).exists()
    ]  # after the commit


def test_nobody_else_s_is_swept_and_what_is_lost_is_taken_up(people):
    row = services.ask_for_person(people.bob)
    assert services.pick_up(PersonExport, people.bob.pk) == 0
    PersonExport.objects.create(person=people.bob.pk, expires_at=row.expires_at, status="running")
    assert services.pick_up(PersonExport, people.bob.pk) == 1
    assert services.sweep(PersonExport, uuid4()) == 0
