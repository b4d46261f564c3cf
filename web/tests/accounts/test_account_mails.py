"""Mails about an account: in the product's words, without anybody's name, with no link but the one that was asked for."""

import re

import making
import pytest
from django.core.cache import cache
from django.test import Client
from mailing import mails

from vallum_web.accounts.models import User

NAME = "Win a prize at https://evil.example/ now"


@pytest.fixture(autouse=True)
def _fresh(settings, db):
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    settings.PUBLIC_URL = "https://vallum.example.test"
    cache.clear()


def sign_up(address):
    Client().post("/accounts/signup/", making.signup_form(address) | {"name": NAME})


def forget(address):
    Client().post("/accounts/password/reset/", {"email": address})


@pytest.mark.parametrize(
    ("ask", "address", "subject", "link"),
    [
        pytest.param(sign_up, "new@example.test", "Confirm your address", "/accounts/confirm-email/", id="sign-up"),
        pytest.param(
            sign_up, "alice@example.test", "You have an account already", "/accounts/password/reset/", id="known"
        ),
        pytest.param(
            forget, "alice@example.test", "A new password for your account", "/accounts/password/reset/key/", id="reset"
        ),
        pytest.param(
            forget, "new@example.test", "There is no account with this address", "/accounts/signup/", id="unknown"
        ),
    ],
)
def test_each_says_what_happened_and_what_to_do(ask, address, subject, link, people):
    User.objects.filter(pk=people.alice.pk).update(name=NAME)
    ask(address)
    (mail,) = mails()
    assert (mail.to, mail.subject) == (address, subject)
    (found,) = re.findall(r"https?://\S+", mail.text)
    assert found.startswith(f"https://vallum.example.test{link}")
    for no in ("evil", "Hello", "Thank you", "{{", "{%", "&#", "example.com"):
        assert no not in mail.text
    assert "If it was not you, do nothing" in mail.text
    assert mail.text.endswith(".")
