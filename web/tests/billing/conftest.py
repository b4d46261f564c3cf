"""Keys of made-up providers, and a fake Stripe that tells our doors of what happens."""

from types import SimpleNamespace

import pytest
import requests
from billing_hooks import FORMER, SECRET
from django.core.management import call_command
from django.test import Client

from dev.fakes.clock import Clock
from dev.fakes.rate import Rate
from dev.fakes.stripe.api import KEY, Stripe
from vallum_web.accounts import services
from vallum_web.billing import live
from vallum_web.billing.keys import Keys
from vallum_web.billing.services import inbox
from vallum_web.tenancy import clock


@pytest.fixture
def keyed(settings):
    """Both providers have keys; nobody listens at their addresses."""
    settings.BILLING = {
        "stripe": Keys(provider="stripe", key="sk_test_1", secrets=(SECRET, FORMER), address="http://127.0.0.1:9"),
        "razorpay": Keys(
            provider="razorpay", key="rzp_test_1:s", secrets=(SECRET, FORMER), address="http://127.0.0.1:9"
        ),
    }
    return settings.BILLING


def to_our_door(url, headers, body):
    """How a fake's webhooks arrive: by the front door, without a network."""
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    path = url.removeprefix("https://vallum.example.test")
    return Client().post(path, data=body, content_type="application/json", **sent).status_code


def follow_all():
    """What the worker does with the notices that came."""
    for event in inbox.open_events():
        inbox.follow(event)


@pytest.fixture
def stripe(settings, monkeypatch, people):
    """A fake Stripe with our prices, of which our clock is the clock; Alice's organization is on Free."""
    services.set_plan(people.org, "free", None)
    now = Clock(source=lambda: clock.now().timestamp())
    fake = Stripe(clock=now, send=to_our_door, rate=Rate(limit=100_000))
    with fake.open() as place:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", place.opening)
        settings.PUBLIC_URL = "https://vallum.example.test"
        settings.BILLING = {"stripe": Keys(provider="stripe", key=KEY, secrets=(SECRET,), address=place.url)}
        live._held.clear()
        call_command("billing", "offer")
        fake.endpoint("https://vallum.example.test/hooks/stripe/", SECRET)
        yield SimpleNamespace(fake=fake, world=fake.test, settle=fake.settle, toxics=fake.toxics)


def pay(url, card="4242 4242 4242 4242", *, proves=True, **typed):
    """What a person does on Stripe's page; where they end."""
    with requests.Session() as browser:
        browser.trust_env = False
        form = {"name": "Alice", "email": "alice@example.test", "country": "FR", "card": card, **typed}
        answer = browser.post(url, data=form, allow_redirects=False, timeout=10)
        if answer.headers.get("Location", "").startswith("/3ds/"):
            bank = url.partition("/c/")[0].partition("/i/")[0] + answer.headers["Location"]
            answer = browser.post(bank, data={"answer": "yes" if proves else "no"}, allow_redirects=False, timeout=10)
        return answer
