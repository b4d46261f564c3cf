"""Access, a copy and deletion whatever became of an account: suspended, unpaid, without acceptance, or being deleted."""

import html
import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from mailing import last, mails
from vouching import prove

from vallum_web.accounts import guesses
from vallum_web.accounts.abuse import signing_in
from vallum_web.accounts.models import Acceptance, IdentityProvider, User
from vallum_web.accounts.objections import services as objections
from vallum_web.accounts.sso import door as sso
from vallum_web.accounts.suspensions import services as suspensions
from vallum_web.privacy.centre import leaving
from vallum_web.privacy.erasure import door, queries, services
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.privacy.exports import services as exporting
from vallum_web.privacy.exports.models import OrgExport, PersonExport
from vallum_web.tenancy import clock, entitlements, jobs
from vallum_web.tenancy.models import Org, Suspended
from vallum_web.tenancy.plans import Given
from vallum_web.tenancy.scope import Purpose, looking_back, scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-Q4")]
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _written_at_once(monkeypatch):
    monkeypatch.setattr(jobs.connections, "close_all", lambda: None)
    cache.clear()


def write_of_person(who):
    row = PersonExport.objects.get(person=who.pk)
    jobs.app.tasks[exporting.OF_PERSON](person=str(who.pk), export=str(row.pk))
    return PersonExport.objects.get(pk=row.pk)


def write_of_org(org):
    with scope(org.pk, purpose=Purpose.PRIVACY):
        row = OrgExport.objects.of(org).get()
    jobs.app.tasks[exporting.OF_ORG](org=str(org.pk), export=str(row.pk))
    with scope(org.pk, purpose=Purpose.PRIVACY):
        return OrgExport.objects.of(org).get()


def archive(answer):
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def suspended(people):
    for key in (people.bob.pk, people.org.pk):
        Suspended.objects.create(pk=key, since=clock.now())


def unpaid(people):
    entitlements.give(people.org, Given(source="stripe", plan="pro", seats=5, read_only_from=clock.now()))


def unaccepted(people):
    Acceptance.objects.filter(user__in=[people.alice.pk, people.bob.pk])._raw_delete("default")


@pytest.mark.parametrize("state", [suspended, unpaid, unaccepted])
def test_a_person_has_their_copy_and_their_deletion(state, people, signed_in):
    if state is unaccepted:
        User.objects.filter(pk=people.bob.pk).update(attested_adult_at=None)
    else:
        state(people)
    browser = signed_in(people.bob)
    assert browser.get("/accounts/privacy/").status_code == 200
    assert browser.post("/accounts/privacy/copies/make/").status_code == 302
    row = write_of_person(people.bob)
    assert "manifest.json" in archive(browser.get(f"/accounts/privacy/copies/{row.pk}/download/")).namelist()
    assert browser.post("/accounts/privacy/objections/", {"purposes": ["usage"]}).status_code == 302
    assert browser.post("/accounts/delete/", {"sure": "on"}).status_code == 200
    with looking_back():
        assert Deletion.objects.get().subject == people.bob.pk


@pytest.mark.parametrize("state", [suspended, unpaid])
def test_an_organization_has_its_copy_its_audit_log_and_its_deletion(state, people, signed_in):
    state(people)
    browser = signed_in(people.alice)
    assert browser.post("/acme/settings/privacy/copies/make/").status_code == 302
    row = write_of_org(people.org)
    assert row.status == "done"
    assert "manifest.json" in archive(browser.get(f"/acme/settings/privacy/copies/{row.pk}/download/")).namelist()
    assert browser.get("/acme/settings/audit/").status_code == 200
    assert browser.post("/acme/settings/delete/", {"slug": "acme", "sure": "on"}).status_code == 302
    assert queries.orgs_of(people.alice)


class TestPersonWhoIsBeingDeleted:
    def enter(self, who, **more):
        browser = Client()
        answer = browser.post("/accounts/leaving/", {"email": who.email, "password": PASSWORD, **more})
        return browser, answer

    def test_comes_in_by_a_narrow_door_and_takes_a_copy(self, people, signed_in):
        objections.settle(people.bob, ["usage"])
        services.ask_for_person(people.bob)
        browser, answer = self.enter(people.bob)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/leaving/")
        page = browser.get("/accounts/leaving/").content.decode()
        assert "Have it back" in page
        with looking_back():
            assert f"{Deletion.objects.get().purge_at:%Y-%m-%d}" in page
        assert browser.post("/accounts/leaving/act/", {"copy": "1"}).status_code == 302
        row = write_of_person(people.bob)
        assert row.status == "done", row.failure
        found = archive(browser.get(f"/accounts/leaving/copies/{row.pk}/"))
        rows = [json.loads(found.read(name)) for name in found.namelist() if name.startswith("json/accounts.User-")]
        assert [each["email"] for (each,) in rows] == ["bob@example.test"]
        assert any(name.startswith("json/privacy_objections.Objection-") for name in found.namelist())
        assert "/accounts/leaving/" in last(to=people.bob.email, kind="export").text

    def test_and_meets_nothing_else(self, people):
        services.ask_for_person(people.bob)
        browser, _ = self.enter(people.bob)
        for path in ("/", "/acme/", "/accounts/profile/", "/accounts/privacy/", "/notices/", "/new/"):
            answer = browser.get(path)
            assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/login/"), path

    def test_has_it_back_or_has_it_sooner(self, people):
        made = services.ask_for_person(people.bob)
        browser, _ = self.enter(people.bob)
        assert "From that day on" in browser.get("/accounts/leaving/").content.decode()
        unsure = browser.post("/accounts/leaving/act/", {"sooner": "1"}, follow=True).content.decode()
        assert "Nothing was changed" in unsure
        assert queries.open_one(made.pk).purge_at == made.purge_at
        sure = browser.post("/accounts/leaving/act/", {"sooner": "1", "sure": "on"}, follow=True).content.decode()
        assert f"deleted for good on {queries.open_one(made.pk).purge_at:%Y-%m-%d %H:%M} UTC" in sure
        assert queries.open_one(made.pk).purge_at <= clock.now() + services.COOLING
        assert browser.post("/accounts/leaving/act/", {"back": "1"})["Location"] == "/accounts/login/"
        assert queries.open_one(made.pk) is None
        assert "An account that is being deleted" in browser.get("/accounts/leaving/").content.decode()

    def test_the_door_shuts_after_ten_minutes_and_when_they_go(self, people):
        services.ask_for_person(people.bob)
        browser, _ = self.enter(people.bob)
        with clock.travelled(door.STAYS_OPEN):
            assert browser.post("/accounts/leaving/act/", {"copy": "1"}).status_code == 302
        assert not PersonExport.objects.exists()
        assert "Have it back" in browser.get("/accounts/leaving/").content.decode()
        browser.post("/accounts/leaving/act/", {"out": "1"})
        assert "Have it back" not in browser.get("/accounts/leaving/").content.decode()

    @pytest.mark.asvs("6.3.8")
    def test_everybody_else_is_told_the_same(self, people):
        """A wrong password, an account that is not being deleted, and one that there is not."""
        services.ask_for_person(people.bob)
        tried = [("bob", "wrong horse"), ("alice", PASSWORD), ("nobody", PASSWORD)]
        said = set()
        for name, password in tried:
            given = {"email": f"{name}@example.test", "password": password}
            answer = Client().post("/accounts/leaving/", given)
            assert answer.status_code == 422
            said.add(re.search(r'class="errorlist.*?</ul>', answer.content.decode(), re.DOTALL)[0])
        assert len(said) == 1

    @pytest.mark.asvs("6.3.8")
    def test_a_missing_code_is_counted_and_thought_about_as_a_wrong_password_is(self, people, monkeypatch):
        services.ask_for_person(people.bob)
        Authenticator.objects.create(user=people.bob, type=Authenticator.Type.TOTP, data={})
        counted, thought, watched = [], [], []
        begin, hashed = guesses.begin, leaving.make_password
        monkeypatch.setattr(guesses, "begin", lambda email: counted.append(email) or begin(email))
        monkeypatch.setattr(leaving, "make_password", lambda text: thought.append(text) or hashed(text))
        monkeypatch.setattr(signing_in, "failed", lambda *what: watched.append(what))
        _, answer = self.enter(people.bob)
        assert (answer.status_code, leaving.NOT_RIGHT in html.unescape(answer.content.decode())) == (422, True)
        assert (counted, thought) == ([people.bob.email], [PASSWORD])
        assert watched == [(people.bob.email, PASSWORD)]

    @pytest.mark.parametrize("what", ["back", "sooner"])
    def test_who_comes_a_moment_too_late_is_told_so(self, what, people, monkeypatch):
        made = services.ask_for_person(people.bob)
        browser, _ = self.enter(people.bob)
        mailed = re.search(r"https?://[^/\s]+(/accounts/\S+)", last(to=people.bob.email, kind="deletion").text)[1]
        with looking_back():
            Deletion.objects.filter(pk=made.pk).update(state="purging")
        monkeypatch.setattr(door, "whose", lambda _: made)  # read the moment before
        monkeypatch.setattr(queries, "pending", lambda _: made)
        answer = browser.post("/accounts/leaving/act/", {what: "1", "sure": "on"}, follow=True)
        assert "nothing was changed" in answer.content.decode()
        answer = Client().post(mailed, {"password": PASSWORD, what: "1", "sure": "on"})
        assert (answer.status_code, "opens nothing" in answer.content.decode()) == (404, True)

    def test_a_copy_of_somebody_else_is_not_there(self, people):
        other = exporting.ask_for_person(people.charlie)
        services.ask_for_person(people.bob)
        browser, _ = self.enter(people.bob)
        assert browser.get(f"/accounts/leaving/copies/{other.pk}/").status_code == 404

    def test_whose_second_step_a_form_cannot_ask_for_comes_by_the_mailed_link(self, people):
        Authenticator.objects.create(user=people.bob, type=Authenticator.Type.WEBAUTHN, data={})
        services.ask_for_person(people.bob)
        _, answer = self.enter(people.bob)
        assert answer.status_code == 422
        link = re.search(r"https?://[^/\s]+(/accounts/\S+)", last(to=people.bob.email, kind="deletion").text)[1]
        browser = Client()
        assert browser.post(link, {"password": PASSWORD, "look": "1"})["Location"] == "/accounts/leaving/"
        assert "Have it back" in browser.get("/accounts/leaving/").content.decode()
        with looking_back():
            assert Deletion.objects.get().state == "pending"


class TestOrganizationThatIsBeingDeleted:
    def test_its_owners_still_take_the_copy_and_nobody_else(self, people, signed_in):
        made = services.ask_for_org(people.org, people.alice)
        path = f"/accounts/leaving/orgs/{made.pk}/"
        assert path in signed_in(people.alice).get("/accounts/privacy/").content.decode()
        for other in (people.bob, people.charlie):
            assert signed_in(other).get(path).status_code == 404
            assert signed_in(other).post(f"{path}act/", {"copy": "1"}).status_code == 404
        browser = signed_in(people.alice)
        assert "The organization Acme" in browser.get(path).content.decode()
        assert browser.post(f"{path}act/", {"copy": "1"}).status_code == 302
        row = write_of_org(people.org)
        assert row.status == "done", row.failure
        found = archive(browser.get(f"{path}copies/{row.pk}/"))
        rows = [json.loads(found.read(name)) for name in found.namelist() if name.startswith("json/tenancy.Org-")]
        assert [each["slug"] for (each,) in rows] == ["acme"]
        assert mails(to=people.alice.email, kind="export")
        assert signed_in(people.bob).get(f"{path}copies/{row.pk}/").status_code == 404

    def test_it_asks_for_the_proof_of_who_it_is(self, people, signed_in):
        made = services.ask_for_org(people.org, people.alice)
        answer = signed_in(people.alice, fresh=False).get(f"/accounts/leaving/orgs/{made.pk}/")
        assert "reauthenticate" in answer["Location"]

    def test_it_is_had_back_or_goes_sooner(self, people, signed_in):
        made = services.ask_for_org(people.org, people.alice)
        browser, path = signed_in(people.alice), f"/accounts/leaving/orgs/{made.pk}/act/"
        assert browser.post(path, {"sooner": "1", "sure": "on"}).status_code == 302
        assert queries.open_one(made.pk).purge_at <= clock.now() + timedelta(hours=24)
        assert browser.post(path, {"back": "1"})["Location"] == "/acme/"
        assert browser.post(path, {"back": "1"}).status_code == 404

    def test_who_comes_a_moment_too_late_is_told_so(self, people, signed_in, monkeypatch):
        made = services.ask_for_org(people.org, people.alice)
        browser = signed_in(people.alice)
        services.have_org_back(made, people.alice.pk)
        monkeypatch.setattr(queries, "open_one", lambda _: made)  # read the moment before
        answer = browser.post(f"/accounts/leaving/orgs/{made.pk}/act/", {"back": "1"}, follow=True)
        assert "nothing was changed" in answer.content.decode()

    def test_it_asks_for_the_second_step_that_the_organization_asks_for(self, people, signed_in):
        """As a member meets it: with a password alone there is no copy, no having it back, nothing sooner."""
        with scope(people.org.pk):
            Org.objects.filter(pk=people.org.pk).update(two_step_from=clock.now())
        made = services.ask_for_org(people.org, people.alice)
        browser, path = signed_in(people.alice), f"/accounts/leaving/orgs/{made.pk}/"
        mailed = re.search(r"https?://[^/\s]+(/accounts/\S+)", last(to=people.alice.email, kind="deletion").text)[1]
        for answer in (
            *(browser.post(f"{path}act/", {what: "1"}) for what in ("copy", "back", "sooner")),
            *(browser.get(page) for page in (path, mailed)),
            browser.post(mailed),
        ):
            assert (answer.status_code, "two-step sign-in" in answer.content.decode()) == (403, True)
        assert queries.open_one(made.pk).purge_at > clock.now() + timedelta(days=29)
        Authenticator.objects.create(user=people.alice, type=Authenticator.Type.WEBAUTHN, data={})
        assert browser.get(path).status_code == 200

    def test_it_asks_for_the_sign_in_that_the_organization_asks_for(self, people, signed_in, monkeypatch):
        prove(people.org, "example.test")
        with scope(people.org.pk):
            IdentityProvider.objects.create(
                org=people.org, name="Acme", kind="oidc", enabled=True, enforced=True, made_by=people.alice.pk
            )
        made = services.ask_for_org(people.org, people.alice)
        browser, path = signed_in(people.alice), f"/accounts/leaving/orgs/{made.pk}/"
        monkeypatch.setattr(sso, "proofs", lambda *_: sso.Proofs())
        answer = browser.post(f"{path}act/", {"copy": "1"})
        assert (answer.status_code, "password and second factor" in answer.content.decode()) == (403, True)
        assert "/accounts/sso/" not in answer.content.decode()  # a provider of whom nobody is asked any more
        with scope(people.org.pk, purpose=Purpose.PRIVACY):
            assert not OrgExport.objects.of(people.org).exists()
        monkeypatch.setattr(sso, "proofs", lambda *_: sso.Proofs(second=True))
        assert browser.get(path).status_code == 200
        assert mails(to=people.alice.email, kind="security")  # every owner is told who passed by

    def test_also_where_it_was_suspended_before(self, people, signed_in):
        suspended(people)
        made = services.ask_for_org(people.org, people.alice)
        assert signed_in(people.alice).get(f"/accounts/leaving/orgs/{made.pk}/").status_code == 200
        assert suspensions.queries.unlike() == 2  # of this test alone: nobody wrote it into the register
