"""Keys of made-up providers."""

import pytest
from billing_hooks import FORMER, SECRET

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
