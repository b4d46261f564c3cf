"""People who sign in through the front door, with commits that are real: allauth tells of changes once they are committed."""

import time
from types import SimpleNamespace

import making
import pytest
from allauth.account.internal.flows import login
from allauth.mfa.totp.internal import auth as totp
from browsing import Browser
from django.core.cache import cache

from vallum_web.tenancy import clock


@pytest.fixture(autouse=True)
def _a_still_moment(monkeypatch):
    """The library's clock stands in the middle of a half minute, so that no code changes while a test runs."""
    moment = time.time() // 30 * 30 + 15
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: moment))
    # And what it writes of proofs follows ours, which tests move.
    monkeypatch.setattr(login, "time", SimpleNamespace(time=lambda: clock.now().timestamp()))


@pytest.fixture
def crowd(live_database, settings) -> SimpleNamespace:
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    cache.clear()
    return making.people()


@pytest.fixture
def browser(crowd):
    """Alice, signed in with her password a moment ago."""
    browser = Browser()
    assert browser.sign_in().status_code == 302
    return browser
