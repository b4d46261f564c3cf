"""From a message to the receiver: signed, through the guard, tried again, and given up."""

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from hooking import PATH
from mailing import mails

from dev.fakes.loopback import Answer
from vallum_web.mail import notices
from vallum_web.notify import backoff, rounds, services
from vallum_web.tenancy import clock
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.limits import gate
from vallum_web.tenancy.models import Departure
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.django_db


def signs(asked, secret):
    """Standard Webhooks 1.0, from the receiver's side, by what its specification says and by nothing of ours."""
    key = base64.b64decode(secret.split("_", 1)[1])
    signed = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    good = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{good}" in asked.headers["webhook-signature"].split(" ")


def test_a_test_arrives_signed_and_is_on_record(hook, receiver, people):
    made = hook.test()
    hook.work()
    [asked] = receiver.asked
    assert (asked.method, asked.path) == ("POST", f"{PATH}?token=hunter2")
    assert asked.headers["webhook-id"] == f"msg_{made.pk.hex}"
    assert abs(int(asked.headers["webhook-timestamp"]) - clock.now().timestamp()) < 60
    assert asked.headers["content-type"] == "application/json"
    assert signs(asked, hook.secret)
    assert not signs(asked, "whsec_" + base64.b64encode(b"another").decode())
    [row] = hook.deliveries()
    [tried] = hook.attempts()
    assert (row.status, row.tries, tried.status, tried.answer, tried.problem) == ("delivered", 1, 200, "thanks", "")
    with scope(people.org.pk):
        left = Departure.objects.of(people.org).get()
    assert (left.entry, left.party, left.purpose, left.ok, left.subject) == (
        "webhook",
        "127.0.0.1",
        "webhook",
        True,
        hook.pk,
    )


def test_two_secrets_sign_for_a_day(hook, receiver, people):
    fresh, _ = services.rotate(people.org, hook.pk, people.alice.pk)
    hook.test()
    hook.work()
    assert signs(receiver.asked[-1], hook.secret)
    assert signs(receiver.asked[-1], fresh)
    with clock.travelled(timedelta(hours=25)):
        hook.test()
        hook.work()
        assert not signs(receiver.asked[-1], hook.secret)
        assert signs(receiver.asked[-1], fresh)
        services.prune(people.org.pk)
        assert hook.now().former_secret == ""


@pytest.mark.parametrize(
    "said",
    [
        f"Cannot POST {PATH}",
        f"no {PATH}?token=hunter2 here",
        "hunter2 is not known",
        '{"path": "' + PATH.replace("/", "\\/") + '"}',
        "x" * 494 + PATH,
    ],
    ids=["a path", "a path and query", "a value", "in JSON", "where the answer is cut"],
)
def test_an_address_that_is_said_back_is_not_kept(hook, receiver, said):
    """Whoever may look at what was sent need not know where to."""
    receiver.pages[PATH] = Answer(status=404, body=said.encode())
    hook.test()
    hook.work()
    kept = hook.attempts()[0].answer
    assert "•••" in kept
    assert PATH[1:5] not in kept.replace("\\/", "/")
    assert "hunter2" not in kept


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(status=500, body=b"broken"), "It answered 500"),
        (Answer(status=302, headers={"Location": "https://elsewhere.example/"}), "points elsewhere"),
        (Answer(status=404), "It answered 404"),
    ],
    ids=["an error", "a redirect", "missing"],
)
def test_what_is_not_taken_is_tried_again_under_the_same_id(hook, receiver, answer, says):
    receiver.pages[PATH] = answer
    hook.test()
    hook.work()
    assert says in hook.attempts()[0].problem
    assert (hook.deliveries()[0].status, hook.now().failing_since is not None) == ("waiting", True)
    hook.work()
    assert len(receiver.asked) == 1  # not before its time
    receiver.pages[PATH] = Answer()
    with clock.travelled(backoff.PAUSES[0]):
        hook.work()
    first, second = receiver.asked
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert (hook.deliveries()[0].status, hook.now().failing_since) == ("delivered", None)


def test_after_three_days_it_is_switched_off_and_says_so(hook, receiver, people, signed_in):
    receiver.pages[PATH] = Answer(status=503)
    hook.test()
    passed = timedelta()
    for pause in (*backoff.PAUSES, timedelta()):
        with clock.travelled(passed):
            hook.work()
        passed += pause
    assert passed >= timedelta(days=3)
    assert len(receiver.asked) == 1 + len(backoff.PAUSES)
    assert len({asked.headers["webhook-id"] for asked in receiver.asked}) == 1
    row = hook.now()
    assert (row.on, hook.deliveries()[0].status) == (False, "failed")
    assert "Nothing was taken for three days" in row.stopped_why
    with scope(people.org.pk):
        assert Entry.objects.of(people.org).filter(kind="webhook.stopped", subject=hook.pk).count() == 1
    page = signed_in(people.alice).get(f"/acme/settings/webhooks/{hook.pk}/").content.decode()
    assert "Nothing was taken for three days" in page
    assert "Given up" in page
    with pytest.raises(services.RefusedError, match="switch it on first"):
        hook.test()


def test_a_receiver_that_is_gone_is_left_alone_at_once(hook, receiver, people):
    receiver.pages[PATH] = Answer(status=410)
    hook.test()
    hook.work()
    assert (hook.now().on, hook.now().stopped_why) == (False, "It answered 410: nobody is there any more.")
    [mail] = mails(subject="switched off")
    assert (mail.to, mail.kind) == ("alice@example.test", "security")
    assert "It answered 410" in mail.text
    assert f"/acme/settings/webhooks/{hook.pk}/" in mail.text
    assert notices.unread(people.alice.pk, [people.org.pk]) == 1
    assert notices.unread(people.bob.pk, [people.org.pk]) == 0


def test_a_host_is_not_run_over_and_what_waits_goes_out_later(hook, receiver, people):
    gate.take(rounds.PER_HOST, f"{people.org.pk} {hook.row.host}", cost=rounds.PER_HOST.rate.burst)
    hook.test()
    hook.work()
    assert (receiver.asked, hook.attempts(), hook.deliveries()[0].tries) == ([], [], 0)
    assert hook.now().rests_until > clock.now()
    with clock.travelled(timedelta(hours=1)):
        hook.work()
    assert len(receiver.asked) == 1


def test_one_failure_ends_the_round(hook, receiver):
    receiver.pages[PATH] = Answer(status=500)
    for _ in range(3):
        hook.test()
    hook.work()
    assert len(receiver.asked) == 1


def test_nothing_secret_and_nothing_long_of_an_answer_is_kept(hook, receiver, people, signed_in):
    said = f"{receiver.url}{PATH}?token=hunter2 {hook.secret} \x1b[31m\u202e".encode() + b"x" * 900_000
    receiver.pages[PATH] = Answer(status=400, body=said)
    made = hook.test()
    hook.work()
    [tried] = hook.attempts()
    assert len(tried.answer) <= 500
    assert tried.answer.startswith("••• ••• \N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}xxx")
    page = signed_in(people.alice).get(f"/acme/settings/webhooks/deliveries/{made.pk}/").content.decode()
    assert "hunter2" not in page
    assert hook.secret not in page


def test_an_address_that_closes_later_is_refused_at_sending(hook, receiver, monkeypatch):
    monkeypatch.setenv("VALLUM_EGRESS_ALLOW", "")
    hook.test()
    hook.work()
    [tried] = hook.attempts()
    assert receiver.asked == []
    assert tried.status is None
    assert "127.0.0.1" in tried.problem
    assert "hunter2" not in tried.problem


def test_what_is_sent_again_has_the_same_id_and_bytes(hook, receiver, people):
    made = hook.test()
    hook.work()
    services.again(people.org, made.pk, people.alice.pk)
    hook.work()
    first, second = receiver.asked
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert len(hook.attempts()) == 2
