"""A provider on loopback, and a postman who hands over to it."""

import base64
from datetime import timedelta

import pytest

from dev.fakes.rate import Rate
from dev.fakes.resend.api import KEY, Resend
from vallum_web.mail import resend
from vallum_web.mail.outbox import Terms
from vallum_web.mail.post import Postman

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four!").decode()


@pytest.fixture
def provider(settings, monkeypatch):
    """Resend, as it is on loopback; `settle` has it tell what became of the mails."""
    fake = Resend(rate=Rate(limit=10_000))
    with fake.open() as place:
        settings.MAIL, settings.RESEND_KEY, settings.RESEND_WEBHOOK_SECRET = "resend", KEY, SECRET
        settings.RESEND_URL = f"{place.url}/"
        settings.DEFAULT_FROM_EMAIL = "Vallum <mail@vallum.test>"
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", place.opening)
        yield fake


@pytest.fixture
def postman(provider):
    terms = Terms(transport="resend", window=resend.WINDOW, first_pause=timedelta(seconds=5))
    return Postman(carrier=resend.Resend(), terms=terms, rate=10_000)
