"""Requests of authorities: agreed to by two, limited to their scope, told within a day of when that may be, never forgotten."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from django.test import Client
from mailing import mails
from requested import carried_out, operator, received

from vallum_web.accounts.models import SignIn, User
from vallum_web.accounts.services import staff
from vallum_web.mail.models import Notice
from vallum_web.privacy.authorities import agreeing, queries, services, tasks
from vallum_web.privacy.authorities.agreeing import Agreed
from vallum_web.privacy.authorities.forms import ReceiveForm
from vallum_web.privacy.authorities.models import LegalRequest, LegalStep
from vallum_web.privacy.erasure import purge
from vallum_web.privacy.erasure import services as erasure
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.privacy.exports import tables
from vallum_web.tenancy import blobs, clock
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.retention import holds
from vallum_web.tenancy.scope import looking_back, outbox, scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-3c")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT = datetime(2026, 11, 26, 10, tzinfo=UTC)
ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("agreed", "hours", "missing"),
    [
        pytest.param(Agreed(first_by=None, first_at=None, second_by=None, operators=0), 0, "Nobody", id="nobody"),
        pytest.param(Agreed(first_by=ONE, first_at=AT, second_by=None, operators=2), 99, "A second", id="one of two"),
        pytest.param(Agreed(first_by=ONE, first_at=AT, second_by=TWO, operators=2), 0, "", id="two"),
        pytest.param(Agreed(first_by=ONE, first_at=AT, second_by=None, operators=1), 23.9, "a day stands", id="alone"),
        pytest.param(Agreed(first_by=ONE, first_at=AT, second_by=None, operators=1), 24, "", id="alone, a day later"),
        pytest.param(
            Agreed(first_by=ONE, first_at=AT, second_by=None, operators=2, emergency=True), 0, "", id="a life"
        ),
    ],
)
def test_two_agree_or_one_and_a_day(agreed, hours, missing):
    said = agreed.missing(AT + timedelta(hours=hours))
    assert missing in said
    assert bool(said) is bool(missing)


@pytest.fixture
def olga(people):
    return operator("olga")


def archive(row):
    with blobs.opened(row.subject, row.blob, shelf="authorities") as file:
        return zipfile.ZipFile(io.BytesIO(file.read()))


@pytest.mark.slow
def test_the_desk_from_the_letter_to_the_file(people, olga, signed_in):
    """Two operators; the file holds the scope and nothing else, and its manifest's hash is kept."""
    hugo = operator("hugo")
    for who, address in ((people.bob, "192.0.2.1"), (people.alice, "192.0.2.2")):
        SignIn.objects.create(user=who, kind="password", address=address)
    form = {
        "ref": "4711/26",
        "authority": "A court",
        "kind": "disclosure",
        "basis": "Article 60-1",
        "whose": "person",
        "about": "bob@example.test",
        "tables": ["accounts.SignIn"],
        "text": "All sign-ins of Bob.",
        "received_at": f"{clock.now():%Y-%m-%dT%H:%M}",
    }
    desk, other = signed_in(olga), signed_in(hugo)
    path = desk.post("/operator/authorities/new/", form)["Location"]
    row = LegalRequest.objects.get()
    assert "All sign-ins" not in row.sealed
    assert "All sign-ins of Bob." in desk.get(path).content.decode()
    for browser, verb, status in (
        *((desk, "agree", 422), (desk, "review", 302), (desk, "carry_out", 422), (desk, "agree", 302)),
        *((desk, "agree", 422), (desk, "carry_out", 422), (other, "agree", 302), (desk, "carry_out", 302)),
    ):
        assert browser.post(path, {"verb": verb, "words": "As it is."}).status_code == status, verb
    tasks.write(str(row.pk))
    row.refresh_from_db()
    files = archive(row)
    assert sorted(files.namelist()) == ["accounts.SignIn.json", "manifest.json"]
    given = json.loads(files.read("accounts.SignIn.json"))
    assert [each["address"] for each in given] == ["192.0.2.1"]
    assert sha256(files.read("manifest.json")).hexdigest() == row.manifest_hash
    told = json.loads(files.read("manifest.json"))["files"][0]
    assert (told["rows"], told["sha256"]) == (1, sha256(files.read("accounts.SignIn.json")).hexdigest())
    sent = b"".join(desk.get(f"{path}file.zip").streaming_content)
    assert sha256(sent).hexdigest() == row.digest
    assert "Downloaded" in str(list(LegalStep.objects.values_list("what", flat=True)))
    assert desk.get(f"{path}manifest.json").json()["sha256"] == row.manifest_hash


def test_one_alone_waits_for_a_day_and_it_is_recorded(people, olga):
    row = received(people, olga)
    services.agree(row.pk, olga.pk, "Narrow.")
    with pytest.raises(services.NotNowError, match="a day stands for the second"):
        services.carry_out(row.pk, olga.pk, "A day is over.")
    with clock.travelled(DAY):
        services.carry_out(row.pk, olga.pk, "A day is over.")
    assert "by one who runs the platform alone: a day's delay" in str(LegalStep.objects.values_list("what", flat=True))


def test_a_time_narrows_what_is_given(people, olga):
    SignIn.objects.create(user=people.bob, kind="password", address="192.0.2.1")
    for since, count in ((clock.now() - HOUR, 1), (clock.now() + HOUR, 0)):
        row = carried_out(people, olga, operator(f"h{count}"), since=since)
        assert len(json.loads(archive(row).read("accounts.SignIn.json"))) == count


def test_without_a_scope_or_beyond_it_nothing_is_written_down(people, olga):
    for wanted, said in (([], "without a scope"), (["findings.Finding"], "Not of persons")):
        with pytest.raises(services.NotNowError, match=said):
            received(people, olga, tables=wanted)


def test_a_table_that_knows_no_time_is_not_given_whole_where_a_time_is_named(people, olga):
    """But what says who it is about is."""
    for wanted in ("account.EmailAddress", "mail.Habits"):
        received(people, olga, tables=[wanted])
        with pytest.raises(services.NotNowError, match=wanted):
            received(people, olga, tables=["accounts.SignIn", wanted], since=clock.now() - DAY)
    assert received(people, olga, tables=["accounts.User"], since=clock.now())


def test_whom_it_is_about_is_told_at_once_where_nothing_forbids_it(people, olga):
    carried_out(people, olga, operator("hugo"))
    tasks.services.tell_who_may_be()
    (told,) = mails(to="bob@example.test", kind="authority")
    assert "accounts.SignIn" in told.text
    with outbox():
        assert Notice.objects.filter(person=people.bob.pk, kind="authority").count() == 1
    assert services.tell_who_may_be() == 0
    assert mails(to="alice@example.test", kind="authority") == []


def test_a_gag_that_ends_is_told_of_within_a_day(people, olga):
    """The job comes every hour, so an hour after the end it is done; a job that stands still shows in the figure."""
    row = carried_out(people, olga, operator("hugo"), gag=True, gag_until=clock.now() + 30 * DAY)
    with clock.travelled(30 * DAY - HOUR):
        assert services.tell_who_may_be() == 0
        assert mails(to="bob@example.test", kind="authority") == []
    with clock.travelled(31 * DAY + HOUR):
        assert queries.untold() == 1
    with clock.travelled(30 * DAY + HOUR):
        assert services.tell_who_may_be() == 1
        row.refresh_from_db()
        assert row.notified_at - row.gag_until < agreeing.TELL_WITHIN
        assert queries.untold() == 0
    assert len(mails(to="bob@example.test", kind="authority")) == 1


def test_a_gag_without_an_end_is_looked_at_every_ninety_days(people, olga):
    row = carried_out(people, olga, operator("hugo"), gag=True)
    with clock.travelled(89 * DAY):
        assert services.remind_of_gags() == 0
    with clock.travelled(91 * DAY):
        assert services.tell_who_may_be() == 0
        assert services.remind_of_gags() == 1
        assert services.remind_of_gags() == 0  # once a week
        assert mails(to="olga@example.test", subject="A gag without an end")
        services.look_at_gag(row.pk, olga.pk, "It holds on.", gag=True, until=None)
        assert queries.to_review() == []
        services.look_at_gag(row.pk, olga.pk, "It is lifted.", gag=False, until=None)
        assert services.tell_who_may_be() == 1


def kinds(org, of="staff."):
    with scope(org.pk):
        return [entry.kind for entry in Entry.objects.of(org).order_by("seq") if entry.kind.startswith(of)]


def test_staff_access_under_a_gag_is_told_of_later_and_never_left_out(people, olga, signed_in):
    hugo = operator("hugo")
    asked = {"whose": "org", "subject": people.org.pk, "tables": ["accounts.Membership"]}
    row = carried_out(people, olga, hugo, **asked, gag=True, gag_until=clock.now() + 10 * DAY)
    desk = signed_in(olga)
    assert desk.post(f"/operator/authorities/{row.pk}/open/")["Location"] == "/acme/"
    assert desk.get("/acme/findings/").status_code == 200
    assert kinds(people.org) == []
    assert mails(to="alice@example.test", subject="Staff access") == []
    assert "4711/26" not in signed_in(people.alice).get("/acme/settings/staff/").content.decode()
    with scope(people.org.pk):
        assert tables.of_organization()["accounts.StaffAccess"].page(people.org.pk, None) == []
    with clock.travelled(10 * DAY + HOUR):
        services.tell_who_may_be()
        assert kinds(people.org) == ["staff.disclosed", "staff.began", "staff.viewed"]
        assert "4711/26" in signed_in(people.alice).get("/acme/settings/staff/").content.decode()
        assert mails(to="alice@example.test", subject="Staff access")
        assert mails(to="alice@example.test", kind="authority")


def test_the_end_of_one_silence_tells_nothing_of_another(people, olga, signed_in):
    """What was opened for another request stays silent, what both had open is two accesses, and each page is its own's."""
    hugo, desk = operator("hugo"), signed_in(olga)
    asked = {"whose": "org", "subject": people.org.pk, "tables": ["accounts.Membership"], "gag": True}
    first = carried_out(people, olga, hugo, **asked, ref="R1", gag_until=clock.now() + DAY)
    second = carried_out(people, olga, hugo, **asked, ref="R2", gag_until=clock.now() + 9 * DAY)
    for row, page in ((first, "findings"), (second, "settings")):
        desk.post(f"/operator/authorities/{row.pk}/open/")
        assert desk.get(f"/acme/{page}/").status_code == 200
    with clock.travelled(DAY + HOUR):
        assert services.tell_who_may_be() == 1
    assert kinds(people.org) == ["staff.disclosed", "staff.began", "staff.viewed"]
    (told,) = mails(to="alice@example.test", subject="Staff access")
    assert ("R1" in told.text, "R2" in told.text) == (True, False)
    with clock.travelled(9 * DAY + HOUR):
        assert services.tell_who_may_be() == 1
    assert kinds(people.org) == 2 * ["staff.disclosed", "staff.began", "staff.viewed"]


def test_what_was_looked_at_for_a_request_that_is_refused_then_is_told_of_when_its_gag_ends(people, olga):
    asked = {"whose": "org", "subject": people.org.pk, "tables": ["accounts.Membership"]}
    row = received(people, olga, **asked, gag=True, gag_until=clock.now() + 10 * DAY)
    for by in (olga, operator("hugo")):
        services.agree(row.pk, by.pk, "So it is.")
    services.open_org(row.pk, olga)
    services.refuse(row.pk, olga.pk, "It was withdrawn.")
    services.tell_who_may_be()
    assert kinds(people.org) == []
    with clock.travelled(10 * DAY + HOUR):
        for _ in range(2):
            services.tell_who_may_be()
    assert kinds(people.org) == ["staff.began"]


def test_staff_access_without_a_gag_is_told_of_at_once(people, olga):
    row = carried_out(
        people, olga, operator("hugo"), whose="org", subject=people.org.pk, tables=["accounts.Membership"]
    )
    services.open_org(row.pk, olga)
    assert kinds(people.org) == ["staff.began"]
    assert staff.is_operator(olga)
    with clock.travelled(30 * DAY), pytest.raises(services.NotNowError, match="more than 30 days ago"):
        services.open_org(row.pk, olga)


def test_who_has_to_keep_data_looks_at_none(people, olga):
    row = carried_out(
        people, olga, operator("hugo"), kind="preservation", tables=[], whose="org", subject=people.org.pk
    )
    with pytest.raises(services.NotNowError, match="Only to give data"):
        services.open_org(row.pk, olga)
    assert kinds(people.org) == []


def test_who_is_leaving_can_be_asked_about(people, olga):
    asked = {"ref": "1", "authority": "A court", "kind": "preservation", "basis": "x", "text": "x"}
    erasure.ask_for_org(people.org, people.alice)
    erasure.ask_for_person(people.bob)
    for whose, about, subject in (("org", "acme", people.org.pk), ("person", "bob@example.test", people.bob.pk)):
        form = ReceiveForm({**asked, "received_at": clock.now(), "whose": whose, "about": about})
        assert form.is_valid(), form.errors
        assert form.cleaned_data["subject"] == subject


def test_to_keep_data_is_to_give_none_and_deletion_pauses(people, olga):
    row = carried_out(people, olga, operator("hugo"), kind="preservation", tables=[])
    services.tell_who_may_be()
    assert "We gave nothing" in mails(to="bob@example.test", kind="authority")[0].text
    row.refresh_from_db()
    assert (row.manifest, row.blob, row.state) == (None, None, "carried_out")
    waiting = erasure.ask_for_person(people.bob)
    with clock.travelled(31 * DAY):
        assert purge.purge(waiting.pk) is None
        services.end_hold(row.pk, olga.pk, "It is over.")
        assert purge.purge(waiting.pk) is not None
    with looking_back():
        assert not User.objects.filter(pk=people.bob.pk).exists()


def test_an_organization_that_is_kept_is_held_in_silence_while_a_gag_runs(people, olga):
    asked = {"kind": "preservation", "tables": [], "whose": "org", "subject": people.org.pk}
    row = carried_out(people, olga, operator("hugo"), **asked, gag=True, gag_until=clock.now() + DAY)
    with scope(people.org.pk):
        (held,) = holds.in_force(people.org.pk)
    assert (held.silent, held.pk) == (True, row.hold)
    services.end_hold(row.pk, olga.pk, "Over.")
    with scope(people.org.pk):
        assert holds.in_force(people.org.pk) == []
    assert kinds(people.org, "org.h") == []
    with clock.travelled(DAY + HOUR):
        assert services.tell_who_may_be() == 1
    assert kinds(people.org, "org.h") == ["org.held", "org.hold_lifted"]


@pytest.mark.parametrize("leaves", ["before it is kept", "while it is kept"])
def test_an_organization_that_is_leaving_is_kept_and_goes_when_that_ends(people, olga, leaves):
    row = received(people, olga, kind="preservation", tables=[], whose="org", subject=people.org.pk)
    for by in (olga, operator("hugo")):
        services.agree(row.pk, by.pk, "So it is.")
    if leaves == "before it is kept":
        waiting = erasure.ask_for_org(people.org, people.alice)
        services.carry_out(row.pk, olga.pk, "To keep it.")
    else:
        services.carry_out(row.pk, olga.pk, "To keep it.")
        waiting = erasure.ask_for_org(people.org, people.alice)
    with clock.travelled(31 * DAY):
        assert purge.purge(waiting.pk) is None
        services.end_hold(row.pk, olga.pk, "It is over.")
        assert purge.purge(waiting.pk) is not None


def test_what_is_refused_stays_in_the_register_and_gives_nothing(people, olga):
    row = received(people, olga)
    services.refuse(row.pk, olga.pk, "It names no judge.")
    with pytest.raises(services.NotNowError, match="refused"):
        services.agree(row.pk, olga.pk, "x")
    tasks.write(str(row.pk))
    row.refresh_from_db()
    assert (row.state, row.manifest, mails(kind="authority")) == ("refused", None, [])
    assert list(queries.listed()) == [row]


def test_the_counts_that_everybody_sees_tell_nothing_of_one_request(people, olga):
    """The same page before and after, gag or not, of this year or of one before the installation began."""
    before = Client().get("/trust/requests/").content.decode()
    (line,) = queries.counts()
    assert (line.year, line.number, line.subjects) == (clock.now().year, "0 to 99", "0 to 99")
    services.refuse(received(people, olga).pk, olga.pk, "It names no judge.")
    carried_out(people, olga, operator("hugo"), gag=True)
    received(people, olga, received_at=clock.now() - 9 * 365 * DAY)
    assert Client().get("/trust/requests/").content.decode() == before
    assert [queries.rounded(number) for number in (99, 100, 250)] == ["0 to 99", "100 to 199", "200 to 299"]
    with clock.travelled(366 * DAY):
        assert len(list(queries.counts())) == 2
    assert "/trust/requests/" in Client().get("/trust/").content.decode()


def test_who_is_deleted_is_named_nowhere(people, olga):
    row = carried_out(people, olga, operator("hugo"))
    assert services.forget_subjects() == 0
    purge.purge(erasure.condemn(Deletion.Whose.PERSON, people.bob.pk, clock.now()).pk)
    assert services.forget_subjects() == 1
    row.refresh_from_db()
    assert (row.sealed, row.manifest_hash != "", queries.opened(row, row.pk)) == ("", True, "")
    assert not LegalStep.objects.exclude(sealed="").exists()


def test_the_file_goes_after_a_week_and_the_request_after_five_years(people, olga):
    row = carried_out(people, olga, operator("hugo"))
    services.tell_who_may_be()
    where = blobs.path(row.subject, row.blob, shelf="authorities")
    with clock.travelled(8 * DAY):
        assert (services.prune(), where.exists()) == (0, False)
    with clock.travelled(timedelta(days=5 * 365 - 1)):
        assert services.prune() == 0
    with clock.travelled(timedelta(days=5 * 365 + 1)):
        assert services.prune() == 1


def test_what_is_kept_until_a_day_ends_with_it_and_its_request_five_years_later(people, olga):
    row = carried_out(people, olga, operator("hugo"), kind="preservation", tables=[], until=clock.now() + 10 * DAY)
    services.tell_who_may_be()
    assert services.end_holds_over() == 0
    with clock.travelled(10 * DAY + HOUR):
        assert (services.end_holds_over(), services.end_holds_over()) == (1, 0)
    row.refresh_from_db()
    assert row.hold_ended_at is not None
    with clock.travelled(timedelta(days=5 * 365 + 1)):
        assert services.prune() == 1


def test_the_desk_is_for_operators_alone(people, olga, signed_in):
    row = carried_out(people, olga, operator("hugo"))
    browser = signed_in(people.bob)
    for path in ("", "new/", f"{row.pk}/", f"{row.pk}/file.zip", f"{row.pk}/manifest.json"):
        assert browser.get(f"/operator/authorities/{path}").status_code == 404
    for path in (f"{row.pk}/", f"{row.pk}/gag/", f"{row.pk}/open/"):
        assert browser.post(f"/operator/authorities/{path}").status_code == 404
    assert signed_in(olga).get(f"/operator/authorities/{uuid4()}/").status_code == 404
