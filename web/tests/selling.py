"""A fake Stripe that sells our plans, tells our door of what happens, and has a page to pay on."""

from contextlib import contextmanager
from types import SimpleNamespace

import requests
from billing_hooks import SECRET
from django.core.management import call_command
from django.test import Client

from dev.fakes.clock import Clock
from dev.fakes.rate import Rate
from dev.fakes.razorpay import api as razorpay
from dev.fakes.razorpay.api import Razorpay
from dev.fakes.stripe.api import KEY, Stripe
from vallum_web.billing import live
from vallum_web.billing.keys import Keys
from vallum_web.billing.services import inbox
from vallum_web.tenancy import clock


@contextmanager
def selling(settings, monkeypatch):
    """Stripe with our prices, of which our clock is the clock."""
    now = Clock(source=lambda: clock.now().timestamp())
    fake = Stripe(clock=now, send=to_our_door, rate=Rate(limit=100_000))
    with fake.open() as place:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", place.opening)
        settings.BILLING = {"stripe": Keys(provider="stripe", key=KEY, secrets=(SECRET,), address=place.url)}
        live._held.clear()
        call_command("billing", "offer")
        fake.endpoint("https://vallum.example.test/hooks/stripe/", SECRET)
        yield SimpleNamespace(fake=fake, world=fake.test, settle=fake.settle, toxics=fake.toxics)


@contextmanager
def selling_in_rupees(settings, monkeypatch):
    """The same of Razorpay."""
    now = Clock(source=lambda: clock.now().timestamp())
    fake = Razorpay(clock=now, send=to_our_door)
    with fake.open() as place:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", place.opening)
        key = f"{razorpay.KEY}:{razorpay.SECRET}"
        settings.BILLING = {"razorpay": Keys(provider="razorpay", key=key, secrets=(SECRET,), address=place.url)}
        live._held.clear()
        call_command("billing", "offer")
        fake.hook("https://vallum.example.test/hooks/razorpay/", SECRET)
        yield SimpleNamespace(fake=fake, world=fake.world, settle=fake.settle, toxics=fake.toxics)


def mandate(url, method="international card", **typed):
    """What a person does on Razorpay's page."""
    with requests.Session() as browser:
        browser.trust_env = False
        form = {"email": "alice@example.test", "contact": "+919000090000", "method": method, "answer": "yes", **typed}
        return browser.post(url, data=form, allow_redirects=False, timeout=10)


def five_times(shop):
    """Each webhook from now on comes as often; how many came, without what was repeated."""
    once, bodies = shop.fake.post.send, set()

    def send(url, headers, body):
        bodies.add(body)
        return max(once(url, headers, body) for _ in range(5))

    shop.fake.post.send = send
    return bodies


def to_our_door(url, headers, body):
    """How a fake's webhooks arrive: by the front door, without a network."""
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    path = url.removeprefix("https://vallum.example.test")
    return Client().post(path, data=body, content_type="application/json", **sent).status_code


def follow_all():
    """What the worker does with the notices that came."""
    for event in inbox.open_events():
        inbox.follow(event)


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
