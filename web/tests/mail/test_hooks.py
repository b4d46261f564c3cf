"""What the provider tells: believed by its signature alone, taken in once, in any order."""

import io
import json
import threading
from typing import ClassVar
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client, RequestFactory
from mail.conftest import SECRET

from dev.fakes.resend.fates import Fate
from dev.fakes.resend.mails import signed
from vallum_web.mail import delivery, events, hooks, queries, services
from vallum_web.mail.letters import Letter
from vallum_web.mail.models import Message, Suppression, Told
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import outbox

HI = Letter(subject="Hello", text="Hello.\n")


def tell(body, *, key="", secret=SECRET, browser=None, **changed):
    """As the provider would."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {**signed(secret, key or f"msg_{uuid4().hex}", sent, clock.now().timestamp()), **changed}
    browser = browser or Client(enforce_csrf_checks=True)
    return browser.post("/hooks/resend/", sent, content_type="application/json", headers=headers)


def write(address="bob@acme.test", *, kind="security", person=None):
    return services.queue(kind=kind, to=Recipient(address=address, person=person), letter=HI)


def fate(key):
    with outbox():
        row = Message.objects.get(pk=key)
    return row.state, row.why


@pytest.fixture
def told(provider, postman, db):
    """Hands over all that waits, and brings us every event that follows."""

    def go():
        postman.round()
        provider.settle()

    provider.post.send = lambda _url, headers, body: tell_again(headers, body)
    provider.hook("http://platform.test/hooks/resend/", SECRET)
    return go


def tell_again(headers, body):
    named = {name: value for name, value in headers.items() if name.startswith("svix-")}
    return (
        Client(enforce_csrf_checks=True)
        .post("/hooks/resend/", body, content_type="application/json", headers=named)
        .status_code
    )


@pytest.mark.parametrize(
    ("end", "state", "suppressed"),
    [
        pytest.param(Fate.DELIVERED, ("delivered", ""), "", id="delivered"),
        pytest.param(Fate.SILENT, ("sent", ""), "", id="nothing more is heard"),
        pytest.param(Fate.BOUNCED, ("bounced", "came back for good"), "bounced", id="no such mailbox"),
        pytest.param(Fate.SOFT_BOUNCED, ("bounced", "came back for now"), "", id="a full mailbox"),
        pytest.param(Fate.COMPLAINED, ("delivered", ""), "complained", id="called spam"),
        pytest.param(
            Fate.SUPPRESSED, ("bounced", "the provider has the address suppressed"), "bounced", id="suppressed there"
        ),
        pytest.param(Fate.FAILED, ("bounced", "the provider could not send it"), "", id="failed there"),
    ],
)
def test_what_became_of_a_mail(end, state, suppressed, provider, told):
    provider.fate("bob@acme.test", end)
    key = write()
    told()
    assert fate(key) == state
    assert queries.suppressed("Bob@acme.test ") == suppressed
    assert {each.status for each in provider.post.log} == {204}


@pytest.mark.parametrize("order", ["shuffled", "twice"])
def test_order_and_repetition_change_nothing(order, provider, told):
    provider.toxics.hooks_shuffled, provider.toxics.hooks_twice = order == "shuffled", float(order == "twice")
    keys = [write(f"p{number}@acme.test") for number in range(8)]
    provider.fate("p7@acme.test", Fate.BOUNCED)
    told()
    assert {fate(key)[0] for key in keys[:7]} == {"delivered"}
    assert fate(keys[7]) == ("bounced", "came back for good")


def test_an_event_ends_a_doubt(provider, told, postman):
    key = write()
    provider.toxics.lost = 1.0
    told()
    assert fate(key) == ("delivered", "")
    assert postman.round() == 0


def test_nothing_is_sent_where_mails_come_back(provider, told, postman):
    provider.fate("bob@acme.test", Fate.BOUNCED)
    write()
    told()
    after = write()
    told()
    assert fate(after) == ("dropped", "the address is suppressed")
    assert services.lift("bob@acme.test")
    assert not services.lift("bob@acme.test")
    provider.mails.suppressed.clear()
    provider.fate("bob@acme.test", Fate.DELIVERED)
    again = write()
    told()
    assert fate(again) == ("delivered", "")


def test_who_calls_a_mail_spam_gets_what_has_to_be_said(provider, told):
    provider.fate("bob@acme.test", Fate.COMPLAINED)
    person = uuid4()
    first = write(kind="alert", person=person)
    told()
    assert delivery.now().complaints == [], "an alert can be switched off: nobody has to look at it"
    provider.mails.suppressed.clear()
    alert, security = write(kind="alert", person=person), write()
    told()
    assert fate(first)[0] == "delivered"
    assert fate(alert) == ("dropped", "the address is suppressed")
    assert fate(security)[0] == "delivered"
    assert [row.pk for row in delivery.now().complaints] == [security]
    assert services.review(security)
    assert delivery.now().complaints == []


@pytest.mark.usefixtures("provider", "db")
class TestTheDoor:
    BODY: ClassVar = {"type": "email.bounced", "data": {"email_id": "e1", "bounce": {"type": "Permanent"}}}

    @pytest.mark.parametrize(
        "changed",
        [
            pytest.param({"svix-signature": "v1,AAAA"}, id="another signature"),
            pytest.param({"svix-timestamp": "1"}, id="of long ago"),
            pytest.param({"svix-id": ""}, id="no id"),
        ],
    )
    def test_what_is_not_signed_is_refused_and_changes_nothing(self, changed):
        assert tell(self.BODY, **changed).status_code == 400
        with outbox():
            assert not Told.objects.exists()

    def test_a_large_body_is_refused(self):
        assert tell(b" " * (257 << 10)).status_code == 413

    def test_a_body_that_breaks_off_is_refused(self):
        class Broken(io.BytesIO):
            def read(self, *_size):
                raise OSError("gone")

        asked = RequestFactory().post("/hooks/resend/", b"{}", "application/json")
        asked._stream = Broken()
        assert hooks.resend(asked).status_code == 400

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"{",
            b"null",
            b'{"type": 1, "data": {}}',
            b'{"type": "email.sent", "data": []}',
            b"[" * 100_000,
            b"\xff",
            b'{"type": "email.sent\\u0000", "data": {}}',
            b'{"type": "email.\\ud800", "data": {}}',
            b'{"type": "", "data": {}}',
        ],
    )
    def test_what_cannot_be_read_means_nothing(self, body):
        assert tell(body).status_code == 204
        with outbox():
            assert [row.kind for row in Told.objects.all()] == ["unreadable"]

    @pytest.mark.parametrize("odd", ["\0", "\ud800", "a\n"])
    def test_a_number_that_no_row_can_hold_is_left_out(self, odd):
        key = write()
        data = {"email_id": odd, "tags": {"outbox": str(key)}}
        assert tell({"type": "email.sent", "data": data}).status_code == 204
        assert fate(key) == ("sent", "")

    def test_a_length_that_is_no_number_of_bytes_is_refused(self):
        assert Client().post("/hooks/resend/", b"{}", "application/json", CONTENT_LENGTH="9" * 5000).status_code == 413

    def test_only_posts_and_only_with_the_provider(self, settings):
        assert Client().get("/hooks/resend/").status_code == 405
        settings.MAIL = "smtp"
        assert tell(self.BODY).status_code == 404

    def test_of_an_unknown_mail_it_is_known_and_no_more(self):
        assert tell(self.BODY).status_code == 204
        with outbox():
            assert not Suppression.objects.exists()

    def test_that_somebody_is_tracked_is_told_to_operators(self):
        tell({"type": "email.opened", "data": {}})
        assert delivery.now().tracked == 1


def test_the_same_event_at_once_counts_once(live_database, provider):
    key = write()
    with outbox():
        Message.objects.filter(pk=key).update(state="sent")
    event = events.Event(kind="email.bounced", message=key, for_good=True)
    new, barrier = [], threading.Barrier(8)

    def take():
        barrier.wait()
        try:
            new.append(services.take_in(b"x" * 16, event))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == [False] * 7 + [True]


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"outbox": "0193a1b2-0000-7000-8000-000000000001"}, True),
        ([{"name": "outbox", "value": "0193a1b2-0000-7000-8000-000000000001"}], True),
        ({"outbox": "no"}, False),
        ({"outbox": 1}, False),
        ([{"name": ["outbox"], "value": 1}, 3], False),
        (None, False),
    ],
)
def test_our_own_number_is_read(tags, found):
    event = events.read(json.dumps({"type": "email.sent", "data": {"tags": tags}}).encode())
    assert (event.message is not None) == found
