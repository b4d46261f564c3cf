"""The register: due in a month whoever asks, worked in order, nobody told of data before it is settled who they are."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from mailing import mails

from vallum_web.accounts.models import Operator
from vallum_web.accounts.objections import queries as objections
from vallum_web.privacy.requests import queries, services
from vallum_web.privacy.requests.due import due
from vallum_web.privacy.requests.models import Request
from vallum_web.privacy.requests.services import NotNowError, Wanted
from vallum_web.tenancy import clock, keyring

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-Q4", "PP-6b", "PP-6e")]
ASKED = {"kind": "access", "text": "What do you know about me?", "email": "dana@example.test", "name": "Dana"}


@pytest.mark.parametrize(
    ("received", "month", "extended"),
    [
        pytest.param("2026-11-26", "2026-12-26", "2027-02-26", id="the same day"),
        pytest.param("2027-01-31", "2027-02-28", "2027-04-30", id="no such day"),
        pytest.param("2028-01-31", "2028-02-29", "2028-04-30", id="leap year"),
        pytest.param("2026-12-31", "2027-01-31", "2027-03-31", id="over the year"),
        pytest.param("2028-02-29", "2028-03-29", "2028-05-29", id="from a leap day"),
    ],
)
def test_a_month_is_a_month_and_the_extension_two_more(received, month, extended):
    at = datetime.fromisoformat(received).replace(hour=13, tzinfo=UTC)
    assert f"{due(at):%Y-%m-%d}" == month
    assert f"{due(at, extended=True):%Y-%m-%d}" == extended


def link():
    return re.search(r"/privacy/requests/[\w-]+/", mails(to="dana@example.test")[0].text)[0]


def test_somebody_without_an_account_asks_confirms_and_follows_it():
    browser = Client()
    answer = browser.post("/privacy/", ASKED)
    assert (answer.status_code, answer["Location"]) == (302, "/privacy/sent/")
    path = link()
    assert browser.get(path).status_code == 200
    assert Request.objects.get().state == "unconfirmed"  # a mail program that looks first confirms nothing
    assert browser.post(path).status_code == 302
    assert Request.objects.get().state == "open"
    page = browser.get(path).content.decode()
    assert f"{Request.objects.get().due_at:%Y-%m-%d}" in page
    assert browser.get("/privacy/requests/nonsense/").status_code == 404
    assert "dana" not in page  # the link shows what was done, and not who asked


def test_what_is_answered_says_nothing_of_accounts(people):
    known, unknown = (
        Client().post("/privacy/", ASKED | {"email": address})
        for address in ("bob@example.test", "nobody@example.test")
    )
    assert (known.status_code, known["Location"], known.content) == (
        unknown.status_code,
        unknown["Location"],
        unknown.content,
    )
    assert len(mails(to="bob@example.test")) == len(mails(to="nobody@example.test")) == 1


def test_it_cannot_be_flooded():
    answers = [Client().post("/privacy/", ASKED).status_code for _ in range(7)]
    assert answers == [302] * 5 + [429] * 2


def test_what_somebody_wrote_lies_sealed_and_goes_with_its_key():
    services.take_in(Wanted(kind="access", text="my canary text", email="dana@example.test"))
    row = Request.objects.get()
    assert "canary" not in row.sealed
    assert "dana" not in row.sealed
    assert queries.wanted(row)["text"] == "my canary text"
    keyring.forget_subject(row.pk)
    assert queries.wanted(row) == {}


@pytest.fixture
def operator(people, signed_in):
    Operator.objects.create(user=people.alice)
    return signed_in(people.alice)


def confirmed(**more):
    services.take_in(Wanted(**{"kind": "access", "text": "t", "email": "dana@example.test", **more}))
    Client().post(link())
    return Request.objects.get()


def test_operators_work_it_from_the_list_to_the_answer(operator, people):
    row = confirmed()
    path = f"/operator/requests/{row.pk}/"
    assert path in operator.get("/operator/requests/").content.decode()
    early = operator.post(path, {"verb": "answer", "words": "Here it is."})
    assert (early.status_code, "not settled yet who asks" in early.content.decode()) == (422, True)
    assert operator.post(path, {"verb": "identify", "words": ""}).status_code == 422
    assert (
        operator.post(path, {"verb": "identify", "words": "Called back at the number in the contract."}).status_code
        == 302
    )
    assert operator.post(path, {"verb": "extend", "words": "Twelve organizations are asked."}).status_code == 302
    row.refresh_from_db()
    assert row.due_at == due(row.received_at, extended=True)
    assert operator.post(path, {"verb": "extend", "words": "Again."}).status_code == 422
    assert operator.post(path, {"verb": "answer", "words": "It was sent to you."}).status_code == 302
    assert operator.post(path, {"verb": "refuse", "words": "No."}).status_code == 422
    page = Client().get(link()).content.decode()
    for words in ("Called back", "Twelve organizations", "It was sent to you."):
        assert words in page
    assert [mail.subject for mail in mails(to="dana@example.test")][1:] == [
        "Your request takes longer",
        "Your request is answered",
    ]


def test_nobody_else_sees_the_register(people, signed_in):
    row = confirmed()
    browser = signed_in(people.bob)
    assert browser.get("/operator/requests/").status_code == 404
    assert browser.post(f"/operator/requests/{row.pk}/", {"verb": "refuse", "words": "x"}).status_code == 404
    assert browser.get(f"/accounts/privacy/requests/{row.pk}/").status_code == 404


def test_a_refusal_says_why_and_where_to_complain(operator):
    row = confirmed(for_whom="Erin, as her lawyer")
    operator.post(
        f"/operator/requests/{row.pk}/", {"verb": "refuse", "words": "Nothing shows that you may ask for her."}
    )
    told = mails(to="dana@example.test")[-1].text
    assert "Nothing shows that you may ask" in told
    assert "data protection authority" in told
    row.refresh_from_db()
    assert (row.state, row.by_agent) == ("refused", True)


def test_an_agent_names_whom_they_ask_for_and_the_mandate_and_an_operator_verifies_it(operator):
    browser = Client()
    for half in ({"for_whom": "Erin Example"}, {"mandate": "power of attorney 17/2026"}):
        assert browser.post("/privacy/", ASKED | half).status_code == 422
    whole = {"for_whom": "Erin Example", "mandate": "power of attorney 17/2026"}
    assert browser.post("/privacy/", ASKED | whole).status_code == 302
    browser.post(link())
    row = Request.objects.get()
    page = operator.get(f"/operator/requests/{row.pk}/").content.decode()
    assert "power of attorney 17/2026" in page
    assert "not verified yet" in page
    answered = {"verb": "answer", "words": "Here it is."}
    assert operator.post(f"/operator/requests/{row.pk}/", answered).status_code == 422
    verified = {"verb": "identify", "words": "The power of attorney was shown, and Erin confirmed it."}
    assert operator.post(f"/operator/requests/{row.pk}/", verified).status_code == 302
    assert operator.post(f"/operator/requests/{row.pk}/", answered).status_code == 302
    status = browser.get(link()).content.decode()
    for words in (verified["words"], "Here it is.", "for somebody else"):
        assert words in status


def test_the_month_over_no_time_is_taken_any_more(operator, monkeypatch, alice):
    row = confirmed()
    later = row.due_at + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(NotNowError, match="month is over"):
        services.extend(row.pk, alice.pk, "late")
    assert queries.late() == 1
    assert queries.urgency(row) == "late"


def test_from_an_account_identity_is_settled_and_restriction_takes_hold(operator, people, signed_in):
    browser = signed_in(people.bob)
    asked = {"kind": "restriction", "text": "I dispute what is there."}
    assert "reauthenticate" in signed_in(people.bob, fresh=False).post("/accounts/privacy/requests/", asked)["Location"]
    assert browser.post("/accounts/privacy/requests/", asked).status_code == 302
    (row,) = queries.of_person(people.bob.pk)
    assert (row.state, row.identified_at is not None) == ("open", True)
    assert not objections.restricted(people.bob.pk)
    operator.post(f"/operator/requests/{row.pk}/", {"verb": "answer", "words": "It is restricted from now on."})
    assert objections.restricted(people.bob.pk)
    assert "is restricted at your request" in browser.get("/accounts/privacy/").content.decode()
    assert "I dispute what is there." in browser.get(f"/accounts/privacy/requests/{row.pk}/").content.decode()
    operator.post(f"/operator/requests/{row.pk}/end-restriction/", {"reason": "short"})
    assert objections.restricted(people.bob.pk)
    operator.post(f"/operator/requests/{row.pk}/end-restriction/", {"reason": "What you disputed was corrected."})
    assert not objections.restricted(people.bob.pk)
    told = mails(to="bob@example.test")[-1]
    assert told.subject == "Data on you is used again"
    assert "What you disputed was corrected." in told.text
    assert "Restriction ended" in browser.get(f"/accounts/privacy/requests/{row.pk}/").content.decode()


def test_an_agent_with_an_account_is_asked_who_lets_them(people):
    row = services.ask(people.bob, Wanted(kind="erasure", text="t", for_whom="my daughter"))
    assert row.identified_at is None
    with pytest.raises(NotNowError, match="who asks"):
        services.answer(row.pk, people.alice.pk, "done")


def test_requests_go_three_years_after_the_answer_and_unconfirmed_ones_after_a_month(people, monkeypatch):
    done = services.ask(people.bob, Wanted(kind="other", text="t"))
    services.answer(done.pk, people.alice.pk, "Answered.")
    services.take_in(Wanted(kind="access", text="t", email="dana@example.test"))
    now = clock.now()
    for days, left in ((29, 2), (31, 1), (3 * 365 - 1, 1), (3 * 365 + 1, 0)):
        monkeypatch.setattr(clock, "now", lambda days=days: now + timedelta(days=days))
        services.prune()
        assert Request.objects.count() == left, days
