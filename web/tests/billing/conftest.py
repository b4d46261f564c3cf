"""Keys of made-up providers, and a fake Stripe."""

import os
from types import SimpleNamespace

import pytest
from billing_hooks import FORMER, SECRET
from selling import selling, selling_in_rupees

from vallum_web.accounts import services
from vallum_web.billing.keys import Keys


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


@pytest.fixture
def stripe(settings, monkeypatch, people):
    """A fake Stripe; Alice's organization is on Free."""
    services.set_plan(people.org, "free", None)
    settings.PUBLIC_URL = "https://vallum.example.test"
    with selling(settings, monkeypatch) as shop:
        yield shop


@pytest.fixture
def both(settings, monkeypatch, people):
    """Both of them; Alice's organization is on Free."""
    services.set_plan(people.org, "free", None)
    settings.PUBLIC_URL = "https://vallum.example.test"
    with selling(settings, monkeypatch) as euros:
        keys, allowed = settings.BILLING, os.environ["VALLUM_EGRESS_ALLOW"]
        with selling_in_rupees(settings, monkeypatch) as rupees:
            settings.BILLING = {**keys, **settings.BILLING}
            monkeypatch.setenv("VALLUM_EGRESS_ALLOW", f"{allowed},{os.environ['VALLUM_EGRESS_ALLOW']}")
            yield SimpleNamespace(stripe=euros, razorpay=rupees)


@pytest.fixture
def razorpay(settings, monkeypatch, people):
    """A fake Razorpay; Alice's organization is on Free."""
    services.set_plan(people.org, "free", None)
    settings.PUBLIC_URL = "https://vallum.example.test"
    with selling_in_rupees(settings, monkeypatch) as shop:
        yield shop
