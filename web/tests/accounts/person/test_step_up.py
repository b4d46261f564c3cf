"""Proving who one is before what can do harm: asked for after ten minutes, and then the same thing is done."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from browsing import Browser, with_app_of
from django.contrib.sessions.models import Session

from vallum_web.accounts.models import ApiToken, User
from vallum_web.accounts.person import session_store
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

MAKE = "/acme/settings/tokens/make/"
FORM = {"name": "pipeline", "role": "developer", "days": "90"}
ELEVEN = timedelta(minutes=11)
PASSWORD = "correct horse battery"


def made(crowd):
    with scope(crowd.org.pk):
        return list(ApiToken.objects.of(crowd.org).values_list("name", flat=True))


def test_signing_in_a_moment_ago_is_proof_enough(browser, crowd):
    assert browser.post(MAKE, FORM).status_code == 200
    assert made(crowd) == ["pipeline"]


@pytest.mark.asvs("7.5.3")
def test_after_ten_minutes_one_is_asked_and_then_the_same_is_done(browser, crowd):
    with clock.travelled(ELEVEN):
        asked = browser.post(MAKE, FORM)
        assert asked["Location"] == f"/accounts/reauthenticate/?next={quote(MAKE, safe='')}"
        assert made(crowd) == []
        page = browser.get(asked["Location"]).content.decode()
        assert "ask for your password again" in page
        assert browser.post(asked["Location"], {"password": "wrong", "next": MAKE}).status_code == 200
        assert made(crowd) == []
        done = browser.post(asked["Location"], {"password": PASSWORD, "next": MAKE})
        assert re.search(r"vlm_api_[a-z2-7]{26}", done.content.decode())
        assert made(crowd) == ["pipeline"]
        assert browser.post(MAKE, FORM).status_code == 200  # and not asked again


def test_what_waits_is_sealed(browser):
    with clock.travelled(ELEVEN):
        browser.post(MAKE, {**FORM, "name": "canary-in-a-form"})
    row = Session.objects.get(pk=browser.key)
    assert "canary" not in row.session_data
    assert "canary-in-a-form" in str(session_store.SessionStore(browser.key).load()[STATE_SESSION_KEY])


class TestWithAnApp:
    @pytest.fixture
    def armed(self, browser):
        browser.add_app()
        browser.codes = browser.recovery_codes()
        return browser

    @pytest.mark.asvs("7.5.1", "6.3.4")
    def test_the_password_alone_is_not_enough(self, armed, crowd):
        with clock.travelled(ELEVEN):
            asked = armed.post(MAKE, FORM)
            assert asked["Location"].startswith("/accounts/2fa/reauthenticate/?next=")
            by_password = armed.post(f"/accounts/reauthenticate/?next={MAKE}", {"password": PASSWORD})
            assert by_password["Location"].startswith("/accounts/2fa/reauthenticate/")
            assert armed.post(MAKE, FORM).status_code == 302
            assert made(crowd) == []

    def test_a_code_of_the_app_is(self, armed, crowd):
        with clock.travelled(ELEVEN):
            asked = armed.post(MAKE, FORM)["Location"]
            assert b"second step" in armed.get(asked).content
            assert b"vlm_api_" in armed.post(asked, {"code": armed.code(), "next": MAKE}).content
            assert made(crowd) == ["pipeline"]

    @pytest.mark.asvs("6.5.1")
    def test_a_used_code_is_not(self, armed, crowd):
        person = with_app_of(armed)
        person.sign_in()
        person.post("/accounts/2fa/authenticate/", {"code": armed.code()})
        with clock.travelled(ELEVEN):
            asked = armed.post(MAKE, FORM)["Location"]
            assert armed.post(asked, {"code": armed.code(), "next": MAKE}).status_code == 200
            assert made(crowd) == []

    def test_a_recovery_code_is(self, armed, crowd):
        with clock.travelled(ELEVEN):
            asked = armed.post(MAKE, FORM)["Location"]
            armed.post(asked, {"code": armed.codes[0], "next": MAKE})
            assert made(crowd) == ["pipeline"]


class TestWithoutAnything:
    """Somebody who signs in with their organization's provider alone, and whose session is stolen."""

    @pytest.fixture
    def stolen(self, crowd, signed_in):
        user = User.objects.get(pk=crowd.alice.pk)
        user.set_unusable_password()
        user.save()
        return signed_in(user, fresh=False)

    @pytest.mark.asvs("7.5.1")
    @pytest.mark.parametrize(
        "path",
        [MAKE, "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/accounts/sessions/end-others/"],
    )
    def test_it_is_asked_for_what_it_has_not(self, stolen, crowd, path):
        for answer in (stolen.post(path, FORM), stolen.get(path)):
            if answer.status_code != 405:
                assert answer["Location"].startswith("/accounts/no-proof/?next=")
        assert made(crowd) == []
        assert b"Ask for the link" in stolen.get("/accounts/no-proof/").content


def test_leaving_for_elsewhere_is_not_what_next_is_for(browser, crowd):
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        answer = browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": target})
        assert answer["Location"] == "/"


def test_a_guess_too_many_is_refused(browser):
    with clock.travelled(ELEVEN):
        answers = [browser.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2


def test_nobody_signed_out_is_asked(crowd):
    assert Browser().get("/accounts/reauthenticate/")["Location"].startswith("/accounts/login/")
