"""Who wants which mails, when, and how many: on the page, over the API, by the link of a mail."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from mailing import come_back, mails

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.mail import links, queries, services
from vallum_web.mail.letters import Letter
from vallum_web.mail.models import Message
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import outbox

pytestmark = pytest.mark.django_db
PAGE = "/accounts/mails/"
API = "/api/v1/mail-choices"
FORM = {"wanted": ["alert"], "zone": "Europe/Paris", "quiet_from": "22:00", "quiet_until": "07:00"}


def write(kind, user, subject="Hello", **more):
    to = Recipient(address=user.email, person=user.pk)
    return services.queue(kind=kind, to=to, letter=Letter(subject=subject, text="Hello.\n"), **more)


def row(key):
    with outbox():
        return Message.objects.get(pk=key)


@pytest.fixture
def machine(people):
    wanted = tokens.Wanted(name="mails", role=Membership.Role.OWNER, scopes=["mails.choose"])
    _, text = tokens.make(people.org, people.alice, wanted)
    return Client(headers={"Authorization": f"Bearer {text}"})


def test_page_and_api_say_and_set_the_same(people, signed_in, machine):
    browser = signed_in(people.alice)
    page = browser.get(PAGE).content.decode()
    assert machine.get(API).json()["wanted"] == {"alert": True, "digest": True, "sla": True, "news": False}
    assert re.findall(r'value="(\w+)"[^>]* checked', page) == ["alert", "digest", "sla"]
    assert browser.post(PAGE, FORM)["Location"] == PAGE
    told = machine.get(API).json()
    assert told["wanted"] == {"alert": True, "digest": False, "sla": False, "news": False}
    assert (told["zone"], told["quiet_from"], told["quiet_until"]) == ("Europe/Paris", "22:00:00", "07:00:00")
    body = {"wanted": {"news": True}, "zone": "UTC"}
    assert machine.put(API, body, content_type="application/json").json()["wanted"]["news"]
    page = browser.get(PAGE).content.decode()
    assert re.findall(r'value="(\w+)"[^>]* checked', page) == ["alert", "news"]
    assert queries.chosen(people.bob.pk).wanted["digest"], "nobody else's"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"wanted": {"reset": False}}, "cannot be switched off"),
        ({"wanted": {"pigeon": True}}, "cannot be switched off"),
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"quiet_from": "22:00"}, "both, or neither"),
    ],
)
def test_what_cannot_be_chosen_is_refused(body, said, machine):
    answer = machine.put(API, body, content_type="application/json")
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert machine.get(API).json()["wanted"]["alert"]


def test_the_page_refuses_half_a_night(people, signed_in):
    answer = signed_in(people.alice).post(PAGE, FORM | {"quiet_until": ""})
    assert answer.status_code == 422
    assert "fill in both, or neither" in answer.content.decode()


@pytest.mark.policy("PP-2f")
class TestTheLink:
    @pytest.fixture
    def link(self, people, settings):
        return links.unsubscribe(people.alice.pk, "alert").removeprefix(settings.PUBLIC_URL)

    def test_one_click_works_without_a_cookie(self, people, link):
        browser = Client(enforce_csrf_checks=True)
        seen = browser.get(link)
        assert b"Send me no more of these" in seen.content
        assert queries.chosen(people.alice.pk).wanted["alert"], "scanners open every link"
        for _ in range(2):
            body = "List-Unsubscribe=One-Click"
            answer = browser.post(link, body, content_type="application/x-www-form-urlencoded")
            assert answer.status_code == 200
            assert not queries.chosen(people.alice.pk).wanted["alert"]
        assert queries.chosen(people.alice.pk).wanted["digest"]

    def test_it_is_nobody_elses(self, link):
        for broken in (link[:-3] + "x/", link.replace(":", "", 1), "/unsubscribe/x/"):
            assert Client().post(broken).status_code == 404

    def test_what_has_to_be_said_has_no_link(self, people, settings):
        forged = links.unsubscribe(people.alice.pk, "reset").removeprefix(settings.PUBLIC_URL)
        assert Client().post(forged).status_code == 404

    def test_a_mail_already_waiting_is_not_sent(self, people, link, provider, postman):
        waiting, essential = write("alert", people.alice), write("security", people.alice)
        Client().post(link)
        postman.round()
        assert (row(waiting).state, row(waiting).why) == ("dropped", "not wanted")
        assert row(essential).state == "sent"

    @pytest.mark.policy("PP-2c", "PP-2f")
    def test_only_what_can_be_switched_off_says_how(self, people, provider, postman):
        write("alert", people.alice)
        write("security", people.alice)
        postman.round()
        security, alert = provider.accepted
        assert re.fullmatch(r"<http://127.0.0.1:8000/unsubscribe/\S+/>", alert["headers"]["List-Unsubscribe"])
        assert not [name for name in security["headers"] if name.startswith("List-")]
        assert "/accounts/mails/" in alert["text"]
        assert "/accounts/mails/" in alert["html"]
        assert "/accounts/mails/" not in security["text"] + security["html"]


def test_it_outlives_a_change_of_address(people, provider, postman):
    services.choose(people.alice.pk, [("alert", False)])
    people.alice.email = "alice@elsewhere.test"
    key = write("alert", people.alice)
    postman.round()
    assert row(key).why == "not wanted"


def test_what_can_wait_waits_for_the_morning(people, provider, postman, monkeypatch):
    now = clock.now().replace(hour=23, minute=0)
    monkeypatch.setattr(clock, "now", lambda: now)
    services.sleep(
        people.alice.pk,
        services.Habits(zone="UTC", quiet_from=now.time().replace(hour=22), quiet_until=now.time().replace(hour=7)),
    )
    waits, urgent, essential = (
        write("alert", people.alice),
        write("alert", people.alice, urgent=True),
        write("security", people.alice),
    )
    postman.round()
    assert [row(key).state for key in (waits, urgent, essential)] == ["queued", "sent", "sent"]
    assert row(waits).due_at == now.replace(hour=7) + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=8))
    postman.round()
    assert row(waits).state == "sent"


def test_more_than_twenty_an_hour_come_in_one(people, provider, postman):
    keys = [write("alert", people.alice, f"Alert {number}") for number in range(50)]
    kept = write("security", people.alice)
    while postman.round():
        pass
    assert [row(key).state for key in keys].count("sent") == 20
    assert row(kept).state == "sent"
    with clock.travelled(timedelta(minutes=61)):
        while postman.round():
            pass
        assert {row(key).state for key in keys} == {"sent", "dropped"}
        one = provider.accepted[-1]
        assert one["subject"] == "30 mails in one"
        assert "  Alert 20\n" in one["text"]
        assert "  Alert 49\n" in one["text"]
        assert len(provider.accepted) == 22
        assert row(keys[-1]).why == "in one mail with others"


def test_held_back_of_a_kind_that_is_gone_stops_no_other(people, provider, postman):
    keys = [write("alert", people.alice, f"Alert {number}") for number in range(2)]
    with outbox():
        Message.objects.update(kind="pigeon", held=True)
    kept = write("security", people.alice)
    while postman.round():
        pass
    assert {row(key).why for key in keys} == {"there is no such kind any more"}
    assert row(kept).state == "sent"


def test_a_single_one_too_many_just_comes_later(people, provider, postman):
    keys = [write("alert", people.alice, f"Alert {number}") for number in range(21)]
    while postman.round():
        pass
    with clock.travelled(timedelta(minutes=61)):
        postman.round()
        assert {row(key).state for key in keys} == {"sent"}
    assert provider.accepted[-1]["subject"] == "Alert 20"


def test_somebody_whose_mails_come_back_reads_it_on_every_page(people, signed_in):
    browser = signed_in(people.alice)
    assert b"come back" not in browser.get("/acme/").content
    come_back("alice@example.test")
    for path in ("/acme/", PAGE):
        assert b"Mails to alice@example.test come back" in browser.get(path).content
    assert b"come back" not in signed_in(people.bob).get("/acme/").content
    assert browser.post("/accounts/mails/try-again/")["Location"] == PAGE
    assert b"come back" not in browser.get("/acme/").content
    assert Client().post("/accounts/mails/try-again/").status_code == 302


def test_strangers_find_no_preferences_of_others(people):
    assert Client().get(PAGE)["Location"].startswith("/accounts/login/")
    assert queries.chosen(uuid4()).wanted["alert"]
    assert mails() == []
