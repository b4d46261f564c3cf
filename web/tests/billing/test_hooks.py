"""The doors of payment providers: what they signed is taken in once; anything else changes nothing and is never our fault."""

from datetime import timedelta
from hashlib import sha256

import pytest
from billing_hooks import FORMER, SECRET, razorpay_event, razorpay_signed, stripe_event, stripe_signed
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from vallum_web.billing.keys import BadKeysError, read
from vallum_web.billing.models import BillingEventInbox
from vallum_web.billing.services import inbox
from vallum_web.tenancy import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keyed")]

GOOD = stripe_signed(stripe_event())["Stripe-Signature"]


def post(provider, body, headers):
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return Client().post(f"/hooks/{provider}/", data=body, content_type="application/json", **sent)


def kept():
    return list(BillingEventInbox.objects.order_by("received_at").values_list("event_id", "type", "object_id", "state"))


def jobs():
    return ProcrastinateJob.objects.filter(task_name=inbox.FOLLOW).count()


@pytest.mark.policy("PP-2b")
@pytest.mark.parametrize("secret", [SECRET, FORMER])
def test_what_a_provider_signed_is_taken_in_once(secret):
    body = stripe_event(7)
    for _ in range(5):
        assert post("stripe", body, stripe_signed(body, secret=secret)).status_code == 200
    own = razorpay_event()
    for number in range(5):
        # The id is not signed: whoever saw a notice may write another one.
        assert post("razorpay", own, razorpay_signed(own, secret=secret, event=f"revt_{number}")).status_code == 200
    assert kept() == [
        ("evt_7", "invoice.paid", "in_1", "waiting"),
        (sha256(own).hexdigest(), "subscription.charged", "sub_1", "waiting"),
    ]
    assert jobs() == 2


def test_what_nobody_follows_is_counted_and_left_alone():
    body = stripe_event(kind="product.updated", thing="prod_1")
    assert post("stripe", body, stripe_signed(body)).status_code == 200
    assert kept() == [("evt_1", "product.updated", "", "ignored")]
    assert jobs() == 0


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24, 60 * 24])
def test_a_signature_of_another_time_counts_for_nothing(minutes):
    body = stripe_event()
    at = int((clock.now() + timedelta(minutes=minutes)).timestamp())
    assert post("stripe", body, stripe_signed(body, at=at)).status_code == 400
    assert kept() == []


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({}, stripe_event(), id="not signed"),
        pytest.param({"Stripe-Signature": "t=,v1="}, stripe_event(), id="empty"),
        pytest.param({"Stripe-Signature": "t=1,t=2,v1=" + "0" * 64}, stripe_event(), id="two times"),
        pytest.param(
            {"Stripe-Signature": "t=99999999999999999999,v1=" + "0" * 64}, stripe_event(), id="a time without end"
        ),
        pytest.param({"Stripe-Signature": "t=1,v1=" + "é" * 64}, stripe_event(), id="not ASCII"),
        pytest.param({"Stripe-Signature": "," * 5000}, stripe_event(), id="nothing but commas"),
        pytest.param({"Stripe-Signature": f"{GOOD},"}, stripe_event(), id="a part that says nothing"),
        pytest.param({"Stripe-Signature": GOOD.replace("t=", "t=0")}, stripe_event(), id="the time written otherwise"),
    ],
)
def test_what_is_not_signed_is_refused(headers, body):
    assert post("stripe", body, headers).status_code == 400
    assert kept() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id":1,"type":2}',
        b'{"id":"evt_1","type":"invoice.paid"',
    ],
)
def test_what_is_signed_and_makes_no_sense_is_refused(body):
    assert post("stripe", body, stripe_signed(body)).status_code == 400
    assert post("razorpay", body, razorpay_signed(body)).status_code == 400
    assert kept() == []


def test_an_empty_secret_signs_nothing(keyed):
    for provider, event, signed in (
        ("stripe", stripe_event(), stripe_signed),
        ("razorpay", razorpay_event(), razorpay_signed),
    ):
        assert post(provider, event, signed(event, secret="")).status_code == 400
    assert kept() == []


def test_of_the_other_mode_nothing_is_taken():
    body = stripe_event(live=True)
    assert post("stripe", body, stripe_signed(body)).status_code == 400
    assert kept() == []


def test_what_is_too_large_is_not_read():
    body = b" " * (256 << 10) + stripe_event()
    assert post("stripe", body, stripe_signed(body)).status_code == 413
    assert Client().get("/hooks/stripe/").status_code == 405
    assert post("paypal", b"{}", {}).status_code == 404


@pytest.mark.parametrize("length", ["9" * 5000, "\u00b2", "-1", "1e3"])
def test_a_length_that_is_no_number_of_bytes_is_refused(length):
    answer = Client().post("/hooks/stripe/", b"{}", "application/json", headers={"Content-Length": length})
    assert answer.status_code == 413


def test_without_keys_there_is_no_door(settings):
    settings.BILLING = {}
    body = stripe_event()
    assert post("stripe", body, stripe_signed(body)).status_code == 404


LIVE = {
    "VALLUM_STRIPE_KEY": "sk_live_" + "a" * 24,
    "VALLUM_STRIPE_WEBHOOK_SECRETS": "whsec_" + "b" * 24,
}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"VALLUM_STRIPE_WEBHOOK_SECRETS": ""}, "anybody could sign", id="no secret"),
        pytest.param(
            {"VALLUM_STRIPE_WEBHOOK_SECRETS": "whsec_" + "b" * 24 + ","}, "anybody could sign", id="an empty one"
        ),
        pytest.param({"VALLUM_STRIPE_WEBHOOK_SECRETS": "short"}, "at least 16", id="a short one"),
        pytest.param({"VALLUM_STRIPE_KEY": ""}, "set both, or none", id="a secret without a key"),
        pytest.param({"VALLUM_STRIPE_KEY": "sk_test_" + "a" * 24}, "no live key", id="a test key"),
        pytest.param({"VALLUM_STRIPE_URL": "https://stripe.example.test"}, "for the demo", id="another address"),
        pytest.param(
            {"VALLUM_RAZORPAY_KEY": "rzp_live_x", "VALLUM_RAZORPAY_WEBHOOK_SECRETS": "c" * 20},
            "a colon",
            id="half a key",
        ),
    ],
)
def test_a_start_with_half_of_the_keys_is_refused(changes, says):
    assert read(LIVE, play=False)["stripe"].live
    with pytest.raises(BadKeysError, match=says):
        read({**LIVE, **changes}, play=False)


def test_the_demo_may_play_and_keys_are_never_shown():
    found = read({**LIVE, "VALLUM_STRIPE_KEY": "sk_test_1", "VALLUM_STRIPE_URL": "http://127.0.0.1:1/"}, play=True)[
        "stripe"
    ]
    assert found.address == "http://127.0.0.1:1"
    assert "sk_test" not in repr(found)
    assert "whsec" not in repr(found)
