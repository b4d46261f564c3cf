"""An export that is unusual is held for an hour: owners are told, can stop it and let it go; and it is written by itself then."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from mailing import mails
from making import secret

from vallum_web.accounts import tokens
from vallum_web.accounts.abuse import services as abuse
from vallum_web.accounts.abuse import taking
from vallum_web.accounts.abuse.models import AbuseCase, Taken
from vallum_web.accounts.models import Membership
from vallum_web.accounts.services import members
from vallum_web.findings.filters import Filters
from vallum_web.privacy.exports import services as copies
from vallum_web.privacy.exports import work as copying
from vallum_web.privacy.exports.models import OrgExport, PersonExport
from vallum_web.reports import queries, services, work
from vallum_web.tenancy import clock
from vallum_web.tenancy.retention import engine, windows
from vallum_web.tenancy.scope import scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-2d")]
CASES = "/acme/settings/unusual/"


@pytest.fixture(autouse=True)
def _few(people, digest, monkeypatch, settings, tmp_path):
    """Seven findings, where one a time is usual of Alice; Bob manages what is unusual beside her."""
    digest(*(secret(f"f{n}", line=n + 1) for n in range(7)))
    settings.HOME = tmp_path  # what is written here is no other test's
    monkeypatch.setattr(taking, "FLOOR", 5)
    monkeypatch.setattr(taking, "TIMES", 3)
    usual(people.org, people.alice.pk)
    with scope(people.org.pk):
        Membership.objects.of(people.org).filter(user=people.bob).update(role="security")


def usual(org, who, rows=1):
    with scope(org.pk):
        for day in range(3):
            at = clock.now() - timedelta(days=day + 1)
            Taken.objects.create(org=org, who=who, export=uuid4(), at=at, rows=rows)


def asked(people, **more):
    return services.ask(people.org, people.alice.pk, form="ndjson", filters=Filters(), **more)


def run(people, row):
    work.run(people.org.pk, row.pk)
    with scope(people.org.pk):
        return queries.export(people.org, row.pk)


def cases(org):
    with scope(org.pk):
        return list(AbuseCase.objects.of(org).order_by("at", "id"))


def waiting(row):
    """For how many seconds its jobs wait, where they do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select extract(epoch from scheduled_at - now())::int from procrastinate_jobs "
            "where args->>'export' = %s and scheduled_at is not null",
            [str(row.pk)],
        )
        return [seconds for (seconds,) in cursor.fetchall()]


def test_far_more_than_usual_is_held_and_owners_are_told_once(people, signed_in):
    row = run(people, asked(people))
    (case,) = cases(people.org)
    assert (case.rule, case.figures["rows"], case.figures["usual"], case.who) == ("export_many", 7, 1, people.alice.pk)
    assert "7 findings" in case.words
    assert (row.status, row.attempts, row.held_until) == ("queued", 0, case.until)
    assert waiting(row) == [pytest.approx(300, abs=5)]
    (told,) = mails(subject="An unusual export")
    assert ("7 findings as NDJSON" in told.text, "held for an hour" in told.text) == (True, True)
    browser = signed_in(people.alice)
    listed = browser.get("/acme/exports/").content.decode()
    assert ("held, begins" in listed, "every 2s" in listed) == (True, False)
    page = browser.get(CASES).content.decode()
    assert ("Stop it" in page, "Let it go" in page, "Alice" in page) == (True, True, True)
    # Nobody works on it anew while it waits, and asking again tells nobody again.
    assert services.pick_up(people.org.pk) == 0
    assert run(people, row).status == "queued"
    assert len(mails(subject="An unusual export")) == 1
    with clock.travelled(timedelta(minutes=61)):
        done = run(people, row)
    assert (done.status, done.rows, done.held_until) == ("done", 7, None)


def test_whoever_asked_cannot_let_it_go_and_somebody_else_can(people, signed_in):
    row = run(people, asked(people))
    (case,) = cases(people.org)
    own = signed_in(people.alice).post(f"{CASES}{case.pk}/close/", {"verdict": "ours"}, follow=True)
    assert "your own export" in own.content.decode()
    assert run(people, row).status == "queued"
    assert signed_in(people.charlie).post(f"{CASES}{case.pk}/close/", {"verdict": "ours"}).status_code == 404
    assert signed_in(people.bob).post(f"{CASES}{case.pk}/close/", {"verdict": "ours"}).status_code == 302
    assert run(people, row).status == "done"
    # What was let go belongs to what is usual.
    with scope(people.org.pk):
        assert Taken.objects.of(people.org).get(export=row.pk).rows == 7


def test_stopped_it_is_never_written(people, signed_in):
    row = run(people, asked(people))
    (case,) = cases(people.org)
    assert signed_in(people.alice).post(f"{CASES}{case.pk}/close/", {"verdict": "ended"}).status_code == 302
    for minutes in (0, 61):
        with clock.travelled(timedelta(minutes=minutes)):
            stopped = run(people, row)
        assert (stopped.status, stopped.rows) == ("failed", 0)
    assert "stopped it" in stopped.failure
    with scope(people.org.pk):
        assert not Taken.objects.of(people.org).filter(export=row.pk).exists()


def test_where_the_organization_wants_that_owners_are_told_and_nothing_waits(people, signed_in):
    assert signed_in(people.alice).post(f"{CASES}choose/", {}).status_code == 302
    assert run(people, asked(people)).status == "done"
    (case,) = cases(people.org)
    assert case.until is None
    assert "not held" in mails(subject="An unusual export")[0].text


def test_in_small_pieces_it_is_as_much(people, monkeypatch):
    monkeypatch.setattr(taking, "FLOOR", 14)
    assert [run(people, asked(people)).status for _ in range(3)] == ["done", "done", "queued"]
    assert cases(people.org)[0].figures["rows"] == 21


def test_a_token_has_habits_of_its_own(people):
    row, text = tokens.make(
        people.org, people.alice, tokens.Wanted(name="ci", role="security", scopes=["findings.export"])
    )
    usual(people.org, row.pk, rows=7)
    client = Client(headers={"Authorization": f"Bearer {text}"})

    def ask():
        made = client.post(
            "/api/v1/exports", data=json.dumps({"format": "csv"}), content_type="application/json"
        ).json()
        work.run(people.org.pk, made["id"])
        return client.get(f"/api/v1/exports/{made['id']}").json()

    assert (ask()["status"], cases(people.org)) == ("done", [])
    with scope(people.org.pk):
        Taken.objects.of(people.org).filter(who=row.pk).update(rows=1)
    held = ask()
    assert (held["status"], held["held_until"] is not None) == ("queued", True)
    assert [case.who for case in cases(people.org)] == [people.alice.pk]


def copied(people, by):
    row = copies.ask_for_org(people.org, by.pk)
    copying.run(OrgExport, people.org.pk, row.pk)
    with scope(people.org.pk):
        return OrgExport.objects.get(pk=row.pk)


def owned(people, who):
    with scope(people.org.pk):
        actor = Membership.objects.of(people.org).get(user=people.alice)
        key = Membership.objects.of(people.org).get(user=who).pk
    members.change_role(people.org, actor, key, "owner")


def test_a_new_owner_who_takes_everything_waits_and_others_can_stop_it(people, signed_in):
    owned(people, people.bob)
    row = copied(people, people.bob)
    (case,) = cases(people.org)
    assert (case.rule, row.status, row.attempts, row.held_until) == ("export_new", "queued", 0, case.until)
    assert len(mails(subject="An unusual export")) == 2
    assert "held, begins" in signed_in(people.alice).get("/acme/settings/privacy/").content.decode()
    abuse.close(people.org, case.pk, people.alice, verdict="ended", note="")
    copying.run(OrgExport, people.org.pk, row.pk)
    with scope(people.org.pk):
        assert OrgExport.objects.get(pk=row.pk).status == "failed"


def test_an_owner_since_yesterday_a_founder_and_a_persons_own_copy_do_not_wait(people):
    assert copied(people, people.alice).status == "done"
    owned(people, people.bob)
    own = copies.ask_for_person(people.bob)
    copying.run(PersonExport, people.bob.pk, own.pk)
    assert PersonExport.objects.get(pk=own.pk).status == "done"
    with clock.travelled(timedelta(hours=25)):
        assert copied(people, people.bob).status == "done"
    assert cases(people.org) == []


def test_who_had_findings_kept_for_less_time_waits_with_an_export(people):
    windows.choose(people.org, people.alice.pk, 400)
    assert (
        run(people, services.ask(people.org, people.alice.pk, form="csv", filters=Filters(text="f1"))).status == "done"
    )
    windows.choose(people.org, people.alice.pk, 90)
    row = run(people, services.ask(people.org, people.alice.pk, form="csv", filters=Filters(text="f1")))
    assert (row.status, cases(people.org)[0].rule) == ("queued", "export_delete")


def test_what_was_taken_is_known_for_90_days(people):
    with scope(people.org.pk):
        Taken.objects.of(people.org).filter(at__lt=clock.now() - timedelta(days=2)).update(
            at=clock.now() - timedelta(days=91)
        )
    done = {row.rule: row for row in engine.run()}
    assert done["abuse-cases"].deleted == 2
    with scope(people.org.pk):
        assert Taken.objects.of(people.org).count() == 1
