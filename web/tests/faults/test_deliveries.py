"""Deliveries to the doors of Stripe, Razorpay and Resend, changed on their way: each is refused, and not a row is written.

An untouched one between them takes effect exactly once, however often it comes. `make faults F=deliveries N=100000` is the long form.
"""

import base64
import json
import os
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass

import pytest
from billing_hooks import SECRET, razorpay_event, razorpay_signed, stripe_event, stripe_signed
from django.db import connection
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from dev.fakes.resend.mails import signed
from vallum_web.billing.keys import Keys
from vallum_web.billing.models import BillingEventInbox
from vallum_web.billing.services import inbox
from vallum_web.mail import services
from vallum_web.mail.letters import letter
from vallum_web.mail.models import Message, Told
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import outbox

DELIVERIES = int(os.environ.get("VALLUM_FAULTS", "300"))
ROUND = 42
"""So many are changed around each one that is not: half before it came, half after."""
MAIL_SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four!").decode()

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class Sent:
    """What a provider signed. `parts` are what the signature is of, and the signature: by name."""

    body: bytes
    parts: dict

    def put(self, part, text):
        if part == "body":
            return Sent(text, self.parts)
        return Sent(self.body, {**self.parts, part: text})

    def of(self, part):
        return self.body if part == "body" else self.parts[part]


class StripeDoor:
    name, parts, secret = "stripe", ("body", "time", "signature"), SECRET

    def sign(self, number, at=None, secret=SECRET):
        body = stripe_event(number)
        time_, _, signature = stripe_signed(body, at=at, secret=secret)["Stripe-Signature"].partition(",v1=")
        return Sent(body, {"time": time_.removeprefix("t=").encode(), "signature": signature.encode()})

    def headers(self, sent):
        return {"Stripe-Signature": f"t={sent.parts['time'].decode()},v1={sent.parts['signature'].decode()}"}


class RazorpayDoor:
    name, parts, secret = "razorpay", ("body", "signature"), SECRET

    def sign(self, number, at=None, secret=SECRET):
        body = razorpay_event(thing=f"sub_{number}")
        return Sent(body, {"signature": razorpay_signed(body, secret=secret)["X-Razorpay-Signature"].encode()})

    def headers(self, sent):
        return {"X-Razorpay-Signature": sent.parts["signature"].decode(), "X-Razorpay-Event-Id": "revt_1"}


class ResendDoor:
    name, parts, secret = "resend", ("body", "time", "signature", "id"), MAIL_SECRET

    def __init__(self):
        self.mails = {}

    def sign(self, number, at=None, secret=MAIL_SECRET):
        if number not in self.mails:
            said = letter("staff_access", name="Acme", reason="A test of faults")
            self.mails[number] = services.queue(kind="security", to=f"p{number}@acme.test", letter=said)
        tags = [{"name": "outbox", "value": str(self.mails[number])}]
        body = json.dumps({"type": "email.delivered", "data": {"email_id": f"re_{number}", "tags": tags}}).encode()
        told = signed(secret, f"msg_{number}", body, clock.now().timestamp() if at is None else at)
        parts = {part: told[f"svix-{key}"].encode() for part, key in (("id", "id"), ("time", "timestamp"))}
        return Sent(body, {**parts, "signature": told["svix-signature"].removeprefix("v1,").encode()})

    def headers(self, sent):
        return {
            "svix-id": sent.parts["id"].decode(),
            "svix-timestamp": sent.parts["time"].decode(),
            "svix-signature": f"v1,{sent.parts['signature'].decode()}",
        }


def byte(chance, part):
    """A body may hold any; a header what may stand in one."""
    return bytes([chance.randrange(256) if part == "body" else chance.randrange(33, 127)])


def edited(chance, part, text):
    """Of what it was: a character another one, one more, one less, twice, two of them the other way round; or cut, or turned."""
    at = chance.randrange(len(text))
    there, rest = text[:at], text[at + 1 :]
    return chance.choice([
        there + byte(chance, part) + rest,
        there + byte(chance, part) + text[at:],
        there + rest,
        there + text[at : at + 1] + text[at:],
        there + rest[:1] + text[at : at + 1] + rest[1:],
        there,
        text.swapcase(),
        text[::-1],
        bytes([*there, text[at] ^ 1 << chance.randrange(8 if part == "body" else 1), *rest]),
    ])  # fmt: skip


def forged(chance, door, number):
    """Signed as it should be, and with what does not count: another secret, or another time."""
    now = clock.now().timestamp()
    if "time" in door.parts and chance.random() < 0.5:
        off = chance.choice([-1, 1]) * chance.choice([302, 3600, 86_400, 3 * 86_400, 10**9])
        return door.sign(number, at=int(now + off))
    return door.sign(number, secret=door.secret[:-4])


def altered(chance, door, number):
    """Another delivery than the genuine one, in one part, and which part that is."""
    if chance.random() < 0.1:
        return forged(chance, door, number), "forged"
    genuine = door.sign(number)
    part = chance.choice(door.parts)
    while True:
        text = edited(chance, part, genuine.of(part))
        if text != genuine.of(part):
            return genuine.put(part, text), part


def written():
    """Rows that anything of this transaction put anywhere, changed or took away; what was undone counts as well."""
    with connection.cursor() as cursor:
        cursor.execute("select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_xact_all_tables")
        return cursor.fetchone()[0]


def effects():
    with outbox():
        mails = Message.objects.filter(state="delivered").count(), Told.objects.count()
    notices = BillingEventInbox.objects.filter(state="waiting")
    return {
        "stripe": notices.filter(provider="stripe").count(),
        "razorpay": notices.filter(provider="razorpay").count(),
        "jobs": ProcrastinateJob.objects.filter(task_name=inbox.FOLLOW).count(),
        "delivered": mails[0],
        "told": mails[1],
    }


@pytest.fixture
def doors(settings):
    settings.BILLING = {
        "stripe": Keys(provider="stripe", key="sk_test_1", secrets=(SECRET,), address="http://127.0.0.1:9"),
        "razorpay": Keys(provider="razorpay", key="rzp_test_1:s", secrets=(SECRET,), address="http://127.0.0.1:9"),
    }
    settings.MAIL, settings.RESEND_WEBHOOK_SECRET = "resend", MAIL_SECRET
    return [StripeDoor(), RazorpayDoor(), ResendDoor()]


def test_what_was_changed_on_its_way_is_refused_and_what_was_not_counts_once(doors):
    chance, browser = random.Random(20261126), Client(enforce_csrf_checks=True)
    statuses, genuine, began = Counter(), Counter(), time.monotonic()

    def bring(door, sent):
        headers = door.headers(sent)
        return browser.post(f"/hooks/{door.name}/", sent.body, "application/json", headers=headers).status_code

    def attack(door, number, count):
        door.sign(number)
        before = written()
        for _ in range(count):
            sent, part = altered(chance, door, number)
            status = bring(door, sent)
            assert 400 <= status < 500, (door.name, part, status, sent)
            statuses[door.name, part, status] += 1
        assert written() == before, door.name

    for number in range(-(-DELIVERIES // ROUND)):
        door = doors[number % len(doors)]
        attack(door, number, ROUND // 2)
        for _ in range(chance.randrange(1, 6)):
            assert bring(door, door.sign(number)) in {200, 204}
        genuine[door.name] += 1
        attack(door, number, ROUND // 2)
        if number % 100 == 0:
            counted(genuine)
    counted(genuine)
    took = time.monotonic() - began
    sys.stdout.write(
        f"\n{statuses.total()} changed deliveries and {genuine.total()} untouched ones in {took:.0f} s: {dict(statuses)}\n"
    )
    assert statuses.total() >= DELIVERIES


def counted(genuine):
    """Each untouched one counts once, by now."""
    money = genuine["stripe"] + genuine["razorpay"]
    assert effects() == {
        "stripe": genuine["stripe"],
        "razorpay": genuine["razorpay"],
        "jobs": money,
        "delivered": genuine["resend"],
        "told": genuine["resend"],
    }
