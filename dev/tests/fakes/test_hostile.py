"""Whatever is asked of a fake, it answers in the words of its service: nothing it is sent breaks it."""

import base64
import json
from itertools import product
from urllib.parse import urlencode

import pytest

from dev.fakes.loopback import Asked
from dev.fakes.rate import Rate
from dev.fakes.razorpay.api import KEY as RAZORPAY_KEY
from dev.fakes.razorpay.api import SECRET, Razorpay
from dev.fakes.resend.api import KEY as RESEND_KEY
from dev.fakes.resend.api import Resend
from dev.fakes.stripe.api import KEY, Stripe
from dev.tests.fakes.paying import open_shop

NAMES = (
    "amount", "automatic_tax", "code", "collection_method", "coupon", "created", "currency", "customer", "customer_email", "discounts",
    "enabled_events", "evidence", "expand", "features", "from_subscription", "invoice", "items", "limit", "line_items", "lines", "metadata",
    "mode", "name", "payment_method", "percent_off", "phases", "price", "product", "quantity", "recurring", "starting_after",
    "subscription", "subscription_details", "success_url", "trial_end", "type", "unit_amount", "url", "value",
)  # fmt: skip
FORMS = (
    "{}=",
    "{}=x",
    "{}=-1",
    "{}=999999999999999999999",
    "{}=true",
    "{}[]=x",
    "{}[a]=x",
    "{}[0][price]=x",
    "{}[0]=&{}[7][quantity]=0",
)
VALUES = (None, "", "x", -1, 10**30, True, [], [None], {}, {"a": None}, [[]], 1.5)
IN_JSON = (
    "from", "to", "subject", "text", "html", "tags", "headers", "attachments", "scheduled_at", "plan_id", "total_count", "quantity",
    "start_at", "addons", "notes", "item", "period", "interval", "amount", "currency", "customer", "callback_url", "cancel_at_cycle_end",
    "email", "fail_existing", "expire_by",
)  # fmt: skip


def _asked(method, path, body, authorization):
    return Asked(method=method, path=path, headers={"authorization": authorization, "user-agent": "x"}, body=body)


def _paths(routes, ids):
    """Every route, at what exists and at what does not."""
    for route in routes:
        pattern = route.pattern.pattern
        for named in ("none", *ids):
            yield route.method, _filled(pattern, named)


def _filled(pattern, named):
    while "(?P<" in pattern:
        start = pattern.index("(?P<")
        pattern = pattern[:start] + named + pattern[pattern.index(")", start) + 1 :]
    return pattern.replace("\\", "")


def _ask(fake, method, path, text):
    query, body = (f"?{text}", b"") if method == "GET" else ("", text.encode())
    answer = fake.doors.speak(_asked(method, path + query, body, f"Bearer {KEY}"))
    assert answer.status == 200 or "error" in json.loads(answer.body), (method, path, text)


@pytest.mark.slow
def test_stripe(clock):
    with open_shop(clock) as shop:
        customer = shop.customer()
        sub = shop.subscribe(customer, shop.price())
        shop.v1.subscription_schedules.create({"from_subscription": sub.id})
        fake: Stripe = shop.fake
        kinds = [kind for kind in fake.test.kinds if kind != "event"]
        ids = {kind.rpartition(".")[2]: fake.test.kinds[kind][0] for kind in kinds}
        # What deletes comes last, so that there is something to ask about.
        for route in sorted(fake.routes, key=lambda each: ("GET", "POST", "DELETE").index(each.method)):
            kind = next((each for each in ids if f"/{each}s/" in route.pattern.pattern), "customer")
            path = _filled(route.pattern.pattern, ids[kind])
            for number, name in enumerate(NAMES):
                for text in (FORMS[number % len(FORMS)], FORMS[(number + 4) % len(FORMS)]):
                    _ask(fake, route.method, path, text.replace("{}", name))
        fake.advance(40 * 86_400)


@pytest.mark.slow
def test_stripe_with_all_that_is_needed(clock):
    """Right parameters but one."""
    with open_shop(clock) as shop:
        price, customer = shop.price(), shop.customer()
        right = {
            "/v1/subscriptions": {"customer": customer.id, "items[0][price]": price.id},
            "/v1/checkout/sessions": {
                "mode": "subscription", "line_items[0][price]": price.id, "line_items[0][quantity]": "1", "success_url": "http://x",
            },
            "/v1/invoices/create_preview": {"customer": customer.id},
            "/v1/prices": {"product": price.product, "currency": "eur", "unit_amount": "1"},
            "/v1/invoiceitems": {"customer": customer.id, "amount": "5", "currency": "eur"},
        }  # fmt: skip
        for path, form in right.items():
            for name, wrong in product(NAMES, FORMS):
                if name not in {each.partition("[")[0] for each in form}:
                    _ask(shop.fake, "POST", path, f"{urlencode(form)}&{wrong.replace('{}', name)}")


@pytest.mark.parametrize("name", IN_JSON)
def test_razorpay(clock, name):
    fake = Razorpay(clock=clock)
    key = "Basic " + base64.b64encode(f"{RAZORPAY_KEY}:{SECRET}".encode()).decode()
    item = {"name": "Pro", "amount": 1000, "currency": "INR"}
    plan = json.dumps({"period": "monthly", "interval": 1, "item": item}).encode()
    made = json.loads(fake.doors.speak(_asked("POST", "/v1/plans", plan, key)).body)
    right = {"plan_id": made["id"], "total_count": 1}
    sub = json.loads(fake.doors.speak(_asked("POST", "/v1/subscriptions", json.dumps(right).encode(), key)).body)
    for (method, path), value in product(_paths(fake.routes, [made["id"], sub["id"]]), VALUES):
        body = json.dumps({**(right if path == "/v1/subscriptions" else {}), name: value}).encode()
        answer = fake.doors.speak(_asked(method, path, b"" if method == "GET" else body, key))
        told = json.loads(answer.body)
        assert answer.status == 200 or told["error"]["code"] == "BAD_REQUEST_ERROR", (method, path, value)


@pytest.mark.parametrize("name", IN_JSON)
def test_resend(clock, name):
    fake = Resend(clock=clock, rate=Rate(limit=10**6))
    right = {"from": "a@vallum.test", "to": "b@acme.test", "subject": "x", "text": "x"}
    for value in VALUES:
        for path, body in (("/emails", {**right, name: value}), ("/emails/batch", [{**right, name: value}])):
            answer = fake.doors.speak(_asked("POST", path, json.dumps(body).encode(), f"Bearer {RESEND_KEY}"))
            told = json.loads(answer.body)
            assert answer.status == 200 or told["statusCode"] == answer.status, (path, value)
    fake.settle()


@pytest.mark.parametrize("fake", [Stripe, Razorpay, Resend])
@pytest.mark.parametrize("body", [b"\xff", b"[" * 50_000, b"{", b"null", b"7", b'"x"', b"&&==", b"%zz"])
def test_any_body(clock, fake, body):
    made = fake(clock=clock)
    keys = {Stripe: f"Bearer {KEY}", Resend: f"Bearer {RESEND_KEY}"}
    key = keys.get(fake, "Basic " + base64.b64encode(f"{RAZORPAY_KEY}:{SECRET}".encode()).decode())
    path = {Stripe: "/v1/products", Razorpay: "/v1/plans", Resend: "/emails"}[fake]
    assert made.doors.speak(_asked("POST", path, body, key)).status in {400, 422}
    assert made.doors.speak(_asked("POST", "/_fake/clock", body, "")).status == 400
    assert made.doors.speak(_asked("POST", path, body, "Basic %%%")).status in {401, 403}
