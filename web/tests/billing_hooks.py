"""Webhooks of payment providers, signed as they sign them."""

import hmac
import json
from hashlib import sha256

from vallum_web.tenancy import clock

SECRET, FORMER = "whsec_present_0123456789", "whsec_former_0123456789"


def stripe_event(number=1, kind="invoice.paid", thing="in_1", *, live=False):
    return json.dumps(
        {"id": f"evt_{number}", "type": kind, "livemode": live, "data": {"object": {"id": thing}}}
    ).encode()


def stripe_signed(body, *, secret=SECRET, at=None):
    at = int(clock.now().timestamp()) if at is None else at
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={digest}"}


def razorpay_event(kind="subscription.charged", thing="sub_1"):
    return json.dumps({"event": kind, "payload": {"subscription": {"entity": {"id": thing}}}}).encode()


def razorpay_signed(body, *, secret=SECRET, event="revt_1"):
    digest = hmac.new(secret.encode(), body, sha256).hexdigest()
    return {"X-Razorpay-Signature": digest, "X-Razorpay-Event-Id": event}
