"""Suspended: no work is done, why is said, what is yours stays within reach, and somebody else decides about an objection."""

import json
from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

import making
import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from mailing import mails, pairs
from providing import GROUP, PATCH, USER, provisioner
from test_strangers import OF_ORG, filled

from vallum_web.accounts import matrix, tokens
from vallum_web.accounts.legal.documents import versions
from vallum_web.accounts.suspensions import figures, queries, services
from vallum_web.accounts.suspensions.models import Appeal, Suspension
from vallum_web.accounts.suspensions.rules import Clause
from vallum_web.assets import services as assets
from vallum_web.mail.models import Notice
from vallum_web.operator.suspensions import views
from vallum_web.privacy.erasure import services as erasure
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock, erasing, jobs, lookups, tombstones
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.models import Suspended
from vallum_web.tenancy.scope import Purpose, outbox, scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-2e")]
REASON = "Its scans went against servers of others for three days."


def operator(name):
    made = making.person(f"{name}@example.test", name=name.capitalize())
    Authenticator.objects.create(user=made, type=Authenticator.Type.TOTP, data={})
    call_command("operator", "add", made.email)
    return made


@pytest.fixture
def olga(people):
    return operator("olga")


def wanted(whose, subject, *, urgent=True, **more):
    values = {"clause": Clause.ATTACK, "reason": REASON, **more}
    return services.Wanted(whose=whose, subject=subject, urgent=urgent, **values)


@pytest.fixture
def suspended(people, olga):
    return services.suspend(wanted("org", people.org.pk), olga)


@pytest.fixture
def travel():
    with ExitStack() as stack:
        yield lambda by: stack.enter_context(clock.travelled(by))


def of_acme(people, kind):
    with scope(people.org.pk):
        return [json.loads(entry.facts) for entry in Entry.objects.of(people.org).filter(kind=kind)]


def test_every_rule_stands_in_the_text_of_acceptable_use():
    (text,) = [version.text for version in versions() if version.document == "acceptable-use"]
    for clause in Clause:
        assert clause.label in text, clause


def test_an_operator_suspends_in_sight_of_everybody_whom_it_concerns(people, olga, signed_in, travel):
    browser = signed_in(olga)
    sent = {"whose": "org", "name": "acme", "clause": Clause.MAILS, "reason": REASON, "until": "2099-01-01"}
    answer = browser.post("/operator/suspensions/new/", sent)
    row = Suspension.objects.get()
    assert answer["Location"] == f"/operator/suspensions/{row.pk}/"
    assert row.starts_at - row.made_at == services.NOTICE
    told = mails(kind="suspension")
    assert sorted(mail.to for mail in told) == ["alice@example.test", "bob@example.test"]
    assert told[0].subject == "The organization Acme will be suspended"
    assert REASON in told[0].text
    assert Clause.MAILS.label in told[0].text
    with outbox():
        assert Notice.objects.filter(kind="suspension", org=people.org.pk).count() == 2
    assert of_acme(people, "org.suspended")[0]["reason"] == REASON
    assert signed_in(people.alice).get("/acme/").status_code == 200  # it is to come
    travel(services.NOTICE)
    page = signed_in(people.alice).get("/acme/")
    assert (page.status_code, REASON in page.content.decode()) == (403, True)
    again = signed_in(olga).post("/operator/suspensions/new/", sent)
    assert (again.status_code, "already" in again.content.decode()) == (422, True)
    assert signed_in(people.charlie).get("/acme/").status_code == 404  # a stranger learns nothing
    assert signed_in(people.charlie).get("/operator/suspensions/").status_code == 404


def test_nobody_suspends_without_a_second_step_or_themselves(people, olga):
    with pytest.raises(services.NotNowError, match="themselves"):
        services.suspend(wanted("person", olga.pk), olga)
    Authenticator.objects.filter(user=olga).delete()
    with pytest.raises(services.NotNowError, match="second step"):
        services.suspend(wanted("org", people.org.pk), olga)


def test_an_operator_who_is_a_member_does_not_end_it(people, suspended):
    call_command("operator", "add", "alice@example.test")
    with pytest.raises(services.NotNowError, match="concerns you yourself"):
        services.lift(suspended.pk, people.alice, "It is mine.")
    made = services.appeal(suspended.pk, people.bob, "It was a test.")
    with pytest.raises(services.NotNowError, match="concerns you yourself"):
        services.decide(made.pk, people.alice, lifted=True, words="It is mine.")
    assert queries.open_of(people.org.pk) is not None


STAYS = {
    *("privacy_org:index", "accounts:audit", "accounts:audit_export", "accounts:egress", "accounts:staff"),
    *("billing:plan", "billing:smaller", "erasure:delete_org", "suspensions:org", "scans:live_checks"),
}
LEADS_ON = {"billing:live", "billing:back", "billing:withdraw"}
"""Open too; where nothing is sold they lead to the plan."""


def test_every_page_is_shut_but_those_of_what_is_theirs(people, suspended, signed_in):
    browser = signed_in(people.alice)
    shut = browser.get("/acme/findings/")
    assert (shut.status_code, REASON in shut.content.decode()) == (403, True)
    for name in STAYS:
        assert browser.get(reverse(name, args=["acme"])).status_code == 200, name
    opened = {}
    for route in OF_ORG:
        path = filled(route, {"any": uuid4(), "plan": "free"})
        answer = browser.get(path)
        if answer.status_code == 403:
            assert "suspended" in answer.content.decode(), path
        elif answer.status_code not in {404, 405}:
            opened.setdefault(answer.status_code, set()).add(answer.resolver_match.view_name)
    assert (opened[200] ^ STAYS, opened[302] ^ LEADS_ON, len(opened)) == (set(), set(), 2)
    for name in ("findings:worklist", "overview:home", "accounts:tokens", "gates:index", "accounts:teams"):
        assert browser.get(reverse(name, args=["acme"])).status_code == 403, name
    assert browser.post("/acme/settings/privacy/copies/make/").status_code == 302
    assert browser.get("/").status_code == 302


def test_machines_are_told_by_a_code_and_the_audit_log_stays(people, olga):
    token = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="admin"))[1]
    with_it = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/findings", headers=with_it).status_code == 200
    services.suspend(wanted("org", people.org.pk), olga)
    for method, path in (("get", "findings"), ("get", "assets"), ("post", "uploads?asset=shop")):
        answer = getattr(Client(), method)(f"/api/v1/{path}", headers=with_it)
        assert (answer.status_code, answer.json()["code"]) == (403, "suspended"), path
    assert Client().get("/api/v1/audit", headers=with_it).status_code == 200
    services.lift(queries.open_of(people.org.pk).pk, olga, "It was a mistake.")
    assert Client().get("/api/v1/findings", headers=with_it).status_code == 200
    services.suspend(wanted("person", people.alice.pk), olga)
    assert Client().get("/api/v1/findings", headers=with_it).json()["code"] == "suspended"


def test_no_job_runs_but_the_one_that_writes_the_copy(people, olga, monkeypatch, travel):
    assets.add(people.org, "repository", "shop", people.alice.pk)
    services.suspend(wanted("org", people.org.pk), olga)
    monkeypatch.setattr(jobs.connections, "close_all", lambda: None)
    done = []
    jobs.tenant_job("tests.suspended")(lambda org: done.append(("work", org)))
    jobs.tenant_job("tests.of_right", of_right=True)(lambda org: done.append(("right", org)))
    for org in (people.org.pk, people.elsewhere.pk):
        for name in ("tests.suspended", "tests.of_right"):
            jobs.app.tasks[name](org=str(org))
    assert done == [
        ("right", people.org.pk),
        ("work", people.elsewhere.pk),
        ("right", people.elsewhere.pk),
    ]
    assert people.org.pk not in jobs.working(lookups.all_orgs())
    travel(timedelta(days=1))
    services.lift(queries.open_of(people.org.pk).pk, olga, "It was a mistake.")
    assert people.org.pk in jobs.working(lookups.all_orgs())
    assert scans.RUN in jobs.app.tasks


def test_a_person_keeps_their_account_and_loses_the_rest(people, olga, signed_in):
    services.suspend(wanted("person", people.bob.pk), olga)
    browser = signed_in(people.bob)
    for path in ("/acme/", "/new/", "/acme/findings/"):
        answer = browser.get(path)
        assert (answer.status_code, "Your account" in answer.content.decode()) == (403, True), path
    for path in ("/accounts/privacy/", "/accounts/delete/", "/accounts/suspension/", "/accounts/profile/", "/notices/"):
        assert browser.get(path).status_code == 200, path
    assert browser.post("/accounts/privacy/copies/make/").status_code == 302
    assert signed_in(people.alice).get("/acme/").status_code == 200
    assert [mail.to for mail in mails(kind="suspension")] == ["bob@example.test"]
    assert of_acme(people, "org.suspended") == []  # it is nobody else's business


def test_an_objection_is_decided_by_somebody_else_within_two_weeks(people, suspended, olga, signed_in, travel):
    browser = signed_in(people.alice)
    text = "The servers are ours: here is the contract."
    assert signed_in(people.bob).post("/acme/settings/suspension/appeal/", {"text": text}).status_code == 403
    assert browser.post("/acme/settings/suspension/appeal/", {"text": "no"}).status_code == 422
    assert browser.post("/acme/settings/suspension/appeal/", {"text": text}).status_code == 302
    assert browser.post("/acme/settings/suspension/appeal/", {"text": text}).status_code == 422
    made = Appeal.objects.get()
    assert made.due_at - made.made_at == timedelta(days=14)
    assert ("olga@example.test", "An appeal against a suspension waits") in pairs()
    register = signed_in(olga).get("/operator/suspensions/").content.decode()
    assert register.count(f"/operator/suspensions/{suspended.pk}/") == 2  # it waits for a decision, and it holds
    assert f"{made.due_at:%Y-%m-%d}" in register
    omar, page = operator("omar"), f"/operator/suspensions/{suspended.pk}/"
    decision = {"outcome": "kept", "words": "The contract names other servers."}
    refused = signed_in(olga).post(page, decision)
    assert (refused.status_code, "another operator decides" in refused.content.decode()) == (422, True)
    assert signed_in(omar).post(page, decision).status_code == 302
    made.refresh_from_db()
    assert (made.outcome, made.decided_by, made.alone) == ("kept", omar.pk, False)
    assert ("alice@example.test", "The suspension stays") in pairs()
    assert of_acme(people, "org.suspension_decided")[0]["reason"] == decision["words"]
    assert queries.open_of(people.org.pk)
    with pytest.raises(services.NotNowError):
        services.appeal(suspended.pk, people.alice, text)
    travel(queries.AGAIN)
    services.appeal(suspended.pk, people.alice, text)
    assert signed_in(omar).post(page, {**decision, "outcome": "lifted"}).status_code == 302
    assert signed_in(people.alice).get("/acme/").status_code == 200
    assert ("bob@example.test", "The suspension is lifted") in pairs()


def test_without_a_second_operator_a_day_stands_for_one_and_it_is_written_down(people, suspended, olga, travel):
    made = services.appeal(suspended.pk, people.alice, "The servers are ours.")
    with pytest.raises(services.NotNowError, match="a day stands for one"):
        services.decide(made.pk, olga, lifted=False, words="They are not yours.")
    travel(services.ALONE_AFTER)
    assert services.decide(made.pk, olga, lifted=False, words="They are not yours.").alone


def test_the_figures_see_what_is_late_and_what_is_stopped_without_an_entry(people, suspended, travel):
    services.appeal(suspended.pk, people.alice, "The servers are ours.")
    assert (figures.overdue(), figures.unlike()) == (0, 0)
    travel(timedelta(days=15))
    assert figures.overdue() == 1
    Suspended.objects.all().delete()
    assert figures.unlike() == 1


def test_it_ends_by_itself_on_its_day(people, olga, signed_in, travel):
    until = clock.now() + timedelta(days=2)
    services.suspend(wanted("org", people.org.pk, until=until), olga)
    assert signed_in(people.alice).get("/acme/").status_code == 403
    travel(timedelta(days=2))
    assert signed_in(people.alice).get("/acme/").status_code == 200  # before any job says so
    assert services.end_over() == 1
    assert ("alice@example.test", "The organization Acme is no longer suspended") in pairs()
    travel(services.KEPT_FOR + timedelta(days=1))
    assert services.prune() == 1


def test_what_has_ended_is_decided_no_more_and_frees_nobody_later(people, olga, signed_in, travel, monkeypatch):
    services.suspend(wanted("org", people.org.pk, until=clock.now() + timedelta(days=2)), olga)
    made = services.appeal(queries.open_of(people.org.pk).pk, people.alice, "The servers are ours.")
    travel(timedelta(days=2))
    assert services.end_over() == 1
    made.refresh_from_db()
    assert (made.decided_at is not None, made.decided_by, made.outcome) == (True, None, "")
    assert not queries.waiting()
    again = services.suspend(wanted("org", people.org.pk), olga)
    omar, page = operator("omar"), f"/operator/suspensions/{made.suspension_id}/"
    with pytest.raises(services.NotNowError, match="decided already"):
        services.decide(made.pk, omar, lifted=True, words="They are theirs indeed.")
    Appeal.objects.filter(pk=made.pk).update(decided_at=None)  # left open by an earlier version
    with pytest.raises(services.NotNowError, match="over already"):
        services.decide(made.pk, omar, lifted=True, words="They are theirs indeed.")
    assert queries.open_of(people.org.pk) == again
    assert jobs.is_suspended(people.org.pk)
    monkeypatch.setattr(views, "MOST_ENDED", 0)
    register = signed_in(omar).get("/operator/suspensions/")
    assert (register.status_code, page in register.content.decode()) == (200, True)
    assert (
        'aria-label="Breadcrumbs"><ol><li><a href="/operator/suspensions/"'
        in signed_in(omar).get(page).content.decode()
    )


def test_one_that_cannot_be_ended_keeps_no_other_from_its_end(people, olga, signed_in, travel, monkeypatch, caplog):
    """Of an organization that is being deleted, of one that is gone for good, and of one at which something fails."""
    gone, until = uuid4(), clock.now() + timedelta(days=1)
    for key in (people.elsewhere.pk, people.org.pk, gone):
        services.suspend(wanted("org", key, until=until), olga)
    services.suspend(wanted("person", people.bob.pk, until=until), olga)
    erasure.ask_for_org(people.org, people.alice)
    register = signed_in(olga).get("/operator/suspensions/").content.decode()
    assert ("Acme" in register, str(gone) in register) == (True, True)
    emit = services.emit

    def broken(kind, subject, **facts):
        if subject == people.elsewhere.pk:
            raise RuntimeError
        emit(kind, subject, **facts)

    monkeypatch.setattr(services, "emit", broken)
    travel(timedelta(days=1))
    assert services.end_over() == 3
    assert [row.subject for row in queries.held()] == [people.elsewhere.pk]
    assert "was not ended" in caplog.text
    with scope(people.org.pk, purpose=Purpose.PRIVACY):
        assert Entry.objects.of(people.org).filter(kind="org.suspension_ended").exists()
    monkeypatch.undo()
    assert services.end_over() == 1


def test_the_page_offers_what_the_role_may_do(people, suspended, signed_in):
    offered = {"/acme/settings/privacy/", "/acme/settings/audit/", "/acme/settings/plan/", "/acme/settings/delete/"}
    found = {}
    for who in (people.alice, people.bob):
        page = signed_in(who).get("/acme/").content.decode()
        found[who] = {path for path in offered if f'href="{path}"' in page}
    assert found == {people.alice: offered, people.bob: set()}


def test_an_old_backup_does_not_let_back_in_whoever_is_suspended(people, olga, signed_in):
    since = clock.now()
    services.suspend(wanted("org", people.org.pk), olga)
    services.suspend(wanted("person", people.charlie.pk), olga)
    services.lift(queries.open_of(people.charlie.pk).pk, olga, "It was a mistake.")
    Suspension.objects.all().delete()
    Suspended.objects.all().delete()
    Suspended.objects.create(pk=people.charlie.pk, since=since)
    assert not tombstones.replay(since).failed
    assert jobs.is_suspended(people.org.pk)
    assert not jobs.is_suspended(people.charlie.pk)
    assert tombstones.replay(since).failed == ()
    assert queries.open_of(people.org.pk).clause == Clause.ATTACK


@pytest.mark.parametrize("whose", ["person", "org"])
def test_of_who_is_erased_nothing_that_was_written_stays_and_nothing_holds(whose, people, olga):
    who, since = (people.bob if whose == "person" else people.org).pk, clock.now()
    row = services.suspend(wanted(whose, who), olga)
    services.appeal(row.pk, people.bob, "I am Bob, and it was my brother.")
    (part,) = [each for each in erasing.parts(erasing.Whose(whose)) if each.name == "suspensions"]
    for _time in range(2):
        assert part.erase(who, {}) == "texts of 1 suspensions emptied"
    assert not Suspended.objects.filter(pk=who).exists()
    assert (queries.unlike(), list(queries.waiting())) == (0, [])
    row.refresh_from_db()
    assert (row.reason, row.end_reason, row.appeals.get().text) == ("", "", "")
    assert not tombstones.replay(since).failed
    assert not jobs.is_suspended(who)
    with clock.travelled(services.KEPT_FOR + timedelta(days=1)):
        services.prune()
    assert not Suspension.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("whose", ["org", "person"])
def test_the_provider_takes_people_out_and_brings_nobody_in(whose, people, olga):
    provider, _ = provisioner(people.org, people.alice)
    dana, erin = provider.person("dana"), provider.person("erin")
    services.suspend(wanted(whose, (people.org if whose == "org" else people.alice).pk), olga)
    new = {"schemas": [USER], "userName": "fay@example.test"}
    assert provider("POST", "/Users", new).status == 403
    assert provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "Team"}).status == 403

    def said(**values):
        return {"schemas": [PATCH], "Operations": [{"op": "replace", "value": values}]}

    refused = provider("PATCH", f"/Users/{dana['id']}", said(displayName="D"))
    assert (refused.status, "suspended" in refused.json["detail"]) == (403, True)
    assert provider("GET", "/Users").json["totalResults"] == 2
    assert provider("PATCH", f"/Users/{dana['id']}", said(active=False)).status == 200
    assert provider("PATCH", f"/Users/{dana['id']}", said(active=True)).status == 403
    assert provider("DELETE", f"/Users/{erin['id']}").status == 204


def test_what_stays_open_takes_data_out_or_ends_something():
    open_ones = {row.id for row in matrix.actions().values() if row.suspended}
    assert not open_ones & {
        "scans.start",
        "assets.add",
        "webhooks.change",
        "members.invite",
        "tokens.make",
        "sso.manage",
    }
    assert {"privacy.read", "privacy.export", "audit.read", "org.delete", "suspension.appeal"} <= open_ones
