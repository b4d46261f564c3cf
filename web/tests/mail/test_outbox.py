"""A mail is written with what it tells of, sent once, and its fate is known or said to be unknown."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from mailing import come_back, mails

from vallum_web.mail import kinds, queries, sealing, services
from vallum_web.mail.letters import Letter, letter
from vallum_web.mail.models import Message
from vallum_web.mail.outbox import Terms, claim, settle
from vallum_web.mail.outcomes import Later, Taken
from vallum_web.mail.post import Postman
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock
from vallum_web.tenancy.keyring import KeyringError
from vallum_web.tenancy.models import Departure, PlatformDeparture
from vallum_web.tenancy.scope import outbox, person, scope

pytestmark = pytest.mark.django_db

HI = Letter(subject="Hello", text="Hello, Bob.\n")
WHO = uuid4()
BOB = Recipient(address="bob@acme.test", person=WHO)


def write(kind="security", to=BOB, **more):
    return services.queue(kind=kind, to=to, letter=HI, **more)


def row(key):
    with outbox():
        return Message.objects.get(pk=key)


def state(key):
    found = row(key)
    return found.state, found.why


def later(**by):
    return clock.travelled(timedelta(**by))


def test_a_mail_is_handed_over_once(provider, postman):
    key = write()
    assert postman.round() == 1
    assert postman.round() == 0
    assert state(key) == ("sent", "")
    (sent,) = provider.accepted
    assert (sent["to"], sent["subject"], sent["key"]) == (["bob@acme.test"], "Hello", str(key))
    assert sent["text"].startswith("Hello, Bob.")
    assert "<h1>Hello</h1>" in sent["html"]
    assert row(key).provider_id == sent["id"]
    assert not {"List-Unsubscribe", "X-Metadata", "X-Tags"} & sent["headers"].keys()


def test_rolled_back_there_is_no_mail(provider):
    point = transaction.savepoint()
    write()
    transaction.savepoint_rollback(point)
    assert mails() == []


def test_of_two_with_the_same_reason_the_first_is_sent(provider, postman):
    first = write(dedupe="export:1")
    write(dedupe="export:1")
    write(dedupe="export:2")
    postman.round()
    assert len(provider.accepted) == 2
    assert state(first) == ("sent", "")


def test_what_it_says_is_sealed_and_goes(provider, postman):
    key = write()
    held = row(key)
    for word in ("bob", "acme", "Hello"):
        assert word not in held.sealed
    assert b"bob" not in bytes(held.recipient)
    postman.round()
    with later(days=6):
        services.prune()
        assert row(key).sealed
    with later(days=8):
        services.prune()
        assert not row(key).sealed
    with later(days=370):
        services.prune()
        with outbox():
            assert not Message.objects.exists()


def test_a_month_later_the_key_itself_is_gone():
    write()
    with later(days=100):
        # As a backup of the database would hold it.
        assert len(mails()) == 1
        sealing.forget(clock.now() - timedelta(days=9))
        assert mails() == []


def test_an_error_is_tried_again_and_a_lost_answer_sends_nothing_twice(provider, postman):
    key = write()
    provider.toxics.errors = 1.0
    postman.round()
    assert state(key) == ("queued", "the provider failed: 500")
    assert postman.round() == 0, "not before its pause is over"
    provider.toxics.errors, provider.toxics.lost = 0.0, 1.0
    with later(seconds=10):
        postman.round()
        assert state(key) == ("queued", "no answer")
        provider.toxics.lost = 0.0
        with later(seconds=60):
            postman.round()
    assert state(key) == ("sent", "")
    assert provider.accepted_under() == {str(key): 1}
    assert row(key).attempts == 3


def test_whose_postman_died_is_taken_up_when_the_lease_ends(provider, postman):
    key = write()
    (mail,) = claim(postman.terms)
    assert claim(postman.terms) == []
    postman.carrier.hand_over(mail)  # and then nothing more is heard of him
    with later(minutes=2):
        assert postman.round() == 1
    assert state(key) == ("sent", "")
    assert provider.accepted_under() == {str(key): 1}
    settle(mail, Later(why="a voice from the grave", doubtful=True), postman.terms)
    assert state(key) == ("sent", "")


def test_past_the_window_nobody_knows_and_an_operator_decides(provider, postman):
    key = write()
    provider.toxics.lost = 1.0
    postman.round()
    with later(hours=24):
        assert postman.round() == 0
        assert state(key) == ("unknown", "no answer")
        assert services.send_again(key)
        assert not services.send_again(key)
        provider.toxics.lost = 0.0
        provider.advance(25 * 3600)
        postman.round()
    assert state(key) == ("sent", "")


def test_what_does_no_harm_twice_is_sent_again_past_the_window(provider, postman):
    key = write(kind="verification", to="new@acme.test")
    provider.toxics.lost = 1.0
    postman.round()
    provider.toxics.lost = 0.0
    with later(hours=24):
        postman.round()
    assert state(key) == ("sent", "")


def test_a_provider_that_was_away_for_days_took_nothing(settings, provider, postman):
    """Where nothing left, nobody need doubt: it is not the window that ends it, but what the mail is worth."""
    key = write()
    before, settings.RESEND_URL = settings.RESEND_URL, "http://127.0.0.1:9/"
    postman.round()
    assert state(key) == ("queued", "the provider cannot be reached")
    assert row(key).doubt_since is None
    settings.RESEND_URL = before
    with later(days=2):
        postman.round()
        assert state(key) == ("sent", "")
    late = write(kind="reset", to="bob@acme.test")
    with later(hours=2):
        postman.round()
        assert state(late) == ("dropped", "too late")


def test_without_keys_a_mail_in_doubt_is_not_repeated(provider):
    keyless = Terms(transport="smtp", window=timedelta())
    key, again = write(), write(kind="reset", to="bob@acme.test")
    assert len(claim(keyless)) == 2
    with later(minutes=5):
        (mail,) = claim(keyless)
        settle(mail, Taken(), keyless)
    assert state(key) == ("unknown", "no answer")
    assert state(again) == ("sent", "")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            {"RESEND_KEY": "re_wrong"}, ("queued", "the provider refuses our settings: 403 invalid_api_key"), id="key"
        ),
        pytest.param(
            {"DEFAULT_FROM_EMAIL": "Vallum <mail@localhost>"},
            ("queued", "the provider refuses our settings: 422 invalid_from_address"),
            id="sender",
        ),
    ],
)
def test_what_the_provider_refuses_is_told_without_its_words(change, expected, provider, postman, settings, caplog):
    for name, value in change.items():
        setattr(settings, name, value)
    key = write()
    postman.round()
    assert state(key) == expected
    assert "bob@acme.test" not in caplog.text


def test_too_fast_is_no_attempt_in_doubt(provider, postman):
    key = write()
    provider.rate.limit = 0
    postman.round()
    assert state(key) == ("queued", "too many at once")
    assert row(key).doubt_since is None


def test_each_departure_is_written_down_for_whom_it_left(people, provider, postman):
    write(org=people.org.pk)
    write()
    postman.round()
    with scope(people.org.pk):
        (left,) = Departure.objects.of(people.org)
    assert (left.purpose, left.entry, left.ok) == ("mail rehearsal", "mail-rehearsal", True)
    assert PlatformDeparture.objects.filter(purpose="mail rehearsal").count() == 1


def test_nobody_sees_anothers_mails(people, provider):
    write(to=Recipient(address="alice@example.test", person=people.alice.pk), org=people.org.pk)
    services.choose(people.alice.pk, [("alert", False)])
    come_back("alice@example.test")
    assert Message.objects.count() == 0
    with scope(people.elsewhere.pk, user=people.charlie.pk):
        assert Message.objects.count() == 0
        assert Message.objects.update(state="dropped") == 0
        assert queries.chosen(people.charlie.pk).wanted["alert"]
    with scope(people.org.pk):
        assert Message.objects.count() == 1
    with person(people.alice.pk):
        assert Message.objects.count() == 1
        assert Message.objects.all().delete()[0] == 0


def test_what_has_to_be_said_goes_first(provider, postman):
    alerts = [write(kind="alert", to=Recipient(address=f"p{number}@acme.test", person=uuid4())) for number in range(12)]
    reset = write(kind="reset", to="bob@acme.test")
    postman.round()
    assert provider.accepted[0]["key"] == str(reset)
    assert state(alerts[-1]) == ("queued", "")


def test_what_can_be_switched_off_needs_a_person(provider):
    with pytest.raises(kinds.BrokenKindError, match="Recipient with a person"):
        write(kind="alert", to="bob@acme.test")
    with pytest.raises(kinds.BrokenKindError, match="names no 'pigeon'"):
        write(kind="pigeon")


def test_a_person_who_is_gone_gets_nothing(provider, postman):
    waiting = write()
    services.forget_person(WHO, "bob@acme.test")
    assert postman.round() == 0
    assert state(waiting) == ("dropped", "its recipient is gone")
    assert not row(waiting).sealed


def test_the_console_says_what_it_would_send(capsys, provider):
    from vallum_web.mail.carriers import Console  # noqa: PLC0415 - beside its one use

    write(kind="alert")
    (mail,) = claim(Terms(transport="console", window=timedelta()))
    assert isinstance(Console().hand_over(mail), Taken)
    said = capsys.readouterr().out
    assert "To: bob@acme.test\nSubject: Hello\n\nHello, Bob." in said
    assert "/accounts/mails/" in said


def test_a_letter_of_the_kit_goes_through(provider, postman):
    said = letter("alert", title="Something", org="Acme", facts=["CVE-1"], link="http://127.0.0.1:8000/acme/")
    services.queue(kind="alert", to=BOB, letter=said)
    postman.round()
    (sent,) = provider.accepted
    assert sent["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


class Broken:
    name, window = "broken", timedelta(hours=1)

    def hand_over(self, mail):
        raise RuntimeError(f"cannot write to {mail.to}")


def test_a_mail_that_breaks_what_sends_it_stops_no_other(provider, caplog):
    terms = Terms(transport="broken", window=timedelta(hours=1))
    keys = [write(), write()]
    Postman(carrier=Broken(), terms=terms, rate=10_000).round()
    assert {state(key) for key in keys} == {("queued", "a fault of ours: RuntimeError")}
    assert "RuntimeError" in caplog.text
    assert "bob@acme.test" not in caplog.text


def test_a_kind_that_is_gone_stops_no_other(provider, postman):
    gone, stays = write(), write()
    with outbox():
        Message.objects.filter(pk=gone).update(kind="pigeon")
    postman.round()
    assert (state(gone)[1], state(stays)[0]) == ("there is no such kind any more", "sent")


def test_while_the_keyring_is_away_nothing_is_lost(provider, postman, settings, tmp_path):
    key = write()
    before, settings.KEK_FILE = settings.KEK_FILE, tmp_path / "none"
    with pytest.raises(KeyringError):
        postman.round()
    settings.KEK_FILE = before
    postman.round()
    assert state(key) == ("sent", "")
