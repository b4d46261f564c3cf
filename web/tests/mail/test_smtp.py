"""A relay by SMTP: what its answers mean, and that nothing of them is kept that names anybody."""

import email
from email import policy

import pytest
from mail.relay import Relay

from vallum_web.mail import services
from vallum_web.mail.letters import Letter
from vallum_web.mail.models import Message
from vallum_web.mail.outbox import Terms
from vallum_web.mail.post import Postman
from vallum_web.mail.relays import NoRelayError, Place
from vallum_web.mail.smtp import Smtp
from vallum_web.tenancy.models import PlatformDeparture
from vallum_web.tenancy.scope import outbox


@pytest.fixture
def relay(settings, monkeypatch, db):
    made = Relay()
    with made.open() as port:
        settings.SMTP_URL = f"smtp://127.0.0.1:{port}?tls=off"
        settings.DEFAULT_FROM_EMAIL = "Vallum <mail@vallum.test>"
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", f"127.0.0.1/32:{port}")
        yield made


def send():
    """Write a mail and hand it over: what became of it."""
    key = services.queue(kind="security", to="bob@acme.test", letter=Letter(subject="Grüße", text="Hello.\n\n.\n"))
    carrier = Smtp()
    Postman(carrier=carrier, terms=Terms(transport=carrier.name, window=carrier.window), rate=1000).round()
    with outbox():
        return Message.objects.get(pk=key)


def test_a_mail_is_handed_over(relay):
    row = send()
    assert (row.state, row.transport) == ("sent", "smtp")
    ((to, body),) = relay.mails
    assert relay.greeted == ["vallum.test"]
    assert to == ["bob@acme.test"]
    mail = email.message_from_bytes(body, policy=policy.default)
    assert (mail["Subject"], mail["Message-ID"]) == ("Grüße", f"<{row.pk}@vallum.test>")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert PlatformDeparture.objects.get().purpose == "mail relay"


@pytest.mark.parametrize(
    ("say", "state", "why", "doubtful"),
    [
        pytest.param({"RCPT": "550 no bob@acme.test here"}, "dropped", "refused: 550", False, id="no such mailbox"),
        pytest.param({"RCPT": "450 later"}, "queued", "the relay says 450", False, id="later"),
        pytest.param({"MAIL": "451 greylisted"}, "queued", "the relay says 451", False, id="our sender later"),
        pytest.param({"DATA": "451 not now"}, "queued", "the relay says 451", False, id="not now"),
        pytest.param({".": "554 spam"}, "dropped", "refused: 554", False, id="refused at the end"),
        pytest.param({"EHLO": None}, "queued", "the relay cannot be reached", False, id="hangs up at once"),
        pytest.param({".": None}, "queued", "no answer", True, id="hangs up after the content"),
    ],
)
def test_what_its_answers_mean(say, state, why, doubtful, relay, caplog):
    relay.say = say
    row = send()
    assert (row.state, row.why, row.doubt_since is not None) == (state, why, doubtful)
    assert "acme.test" not in caplog.text


def test_settings_that_it_does_not_take_lose_no_mail(relay, settings):
    settings.SMTP_URL = settings.SMTP_URL.replace("?tls=off", "")
    row = send()
    assert (row.state, row.why) == ("queued", "the relay does not take our settings: SMTPNotSupportedError")


@pytest.mark.parametrize(
    ("say", "error"),
    [
        pytest.param({"EHLO": "554 no service", "HELO": "554 no service"}, "SMTPHeloError", id="us"),
        pytest.param({"MAIL": "553 who are you"}, "SMTPSenderRefused", id="our sender"),
        pytest.param({"MAIL": "530 sign in first"}, "SMTPSenderRefused", id="nobody without a password"),
    ],
)
def test_a_relay_that_takes_nothing_from_us_loses_no_mail(say, error, relay):
    relay.say = say
    row = send()
    assert (row.state, row.why) == ("queued", f"the relay does not take our settings: {error}")


def test_an_address_that_nobody_opened_is_not_reached(relay, monkeypatch):
    monkeypatch.delenv("VALLUM_EGRESS_ALLOW")
    row = send()
    assert (row.state, row.why) == ("queued", "the relay cannot be reached")
    assert relay.mails == []


@pytest.mark.parametrize("url", ["", "http://x", "smtp://", "smtp://host:port", "smtp://[", "smtp://host:0"])
def test_an_address_of_a_relay_is_whole(url):
    with pytest.raises(NoRelayError):
        Place.parse(url)


def test_where_it_is():
    place = Place.parse("smtps://name:p%40ss@mail.example.test")
    assert (place.scheme, place.host, place.port, place.user, place.password) == (
        "smtps",
        "mail.example.test",
        465,
        "name",
        "p@ss",
    )
