"""Passkeys in a real browser with a made-up authenticator; every page of "Your account", by keyboard, in both themes."""

import re
import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import making
import pytest
from allauth.account.internal.flows import login
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from looking import barriers
from mailing import mails
from playwright.sync_api import expect

from vallum_web.accounts.person.session_store import SessionStore

pytestmark = pytest.mark.browser
EMAIL, PASSWORD = "alice@example.test", "correct horse battery"
PAGES = [
    "/accounts/profile/",
    "/accounts/mails/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/sessions/",
    "/accounts/reauthenticate/",
    "/accounts/no-proof/",
    "/acme/settings/security/",
]
WITH_FACTORS = [
    "/accounts/2fa/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/webauthn/keys/{key}/edit/",
    "/accounts/2fa/webauthn/keys/{key}/remove/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/reauthenticate/",
    "/accounts/2fa/webauthn/reauthenticate/",
]


@pytest.fixture(autouse=True)
def _a_still_moment(monkeypatch):
    """Codes do not change while a test runs."""
    moment = time.time() // 30 * 30 + 15
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: moment))


@pytest.fixture
def local(page, site, settings):
    """The site by its name: passkeys are bound to one, and an address is none. Alice has an account."""
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    cache.clear()
    making.people()
    page.name = f"http://localhost:{urlsplit(site).port}"
    page.set_default_timeout(10_000)
    return page


@pytest.fixture
def device(local):
    """An authenticator of the browser's own making, which finds its owner present and verified."""
    session = local.context.new_cdp_session(local)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    key = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return SimpleNamespace(
        credentials=lambda: session.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"],
        forgets_its_owner=lambda: session.send(
            "WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False}
        ),
    )


def sign_in(page):
    page.goto(f"{page.name}/accounts/login/")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page):
    page.context.clear_cookies()


def add_passkey(page, name="Laptop", *, alone=True):
    page.goto(f"{page.name}/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("It may sign me in alone").set_checked(alone)
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url(re.compile("/accounts/2fa/(recovery-codes/)?$"))


def add_app(page):
    page.goto(f"{page.name}/accounts/2fa/totp/activate/")
    secret = page.locator("#secret").text_content()
    page.locator("#id_code").fill(
        totp.format_hotp_value(totp.hotp_value(secret, min(totp.yield_hotp_counters_from_time())))
    )
    page.get_by_role("button", name="Turn it on").click()
    page.wait_for_url(re.compile("/accounts/2fa/(recovery-codes/)?$"))


def eleven_minutes_ago(page):
    """The proofs of the window's session are that old."""
    [key] = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "session"]
    session = SessionStore(key)
    proofs = session[login.AUTHENTICATION_METHODS_SESSION_KEY]
    session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [{**proof, "at": proof["at"] - 660} for proof in proofs]
    session.save()


class TestPasskeys:
    def test_one_is_added_signs_in_alone_and_confirms(self, local, device):
        sign_in(local)
        add_passkey(local)
        expect(local.locator("#codes")).to_contain_text(re.compile(r"\d{5}-\d{5}"))
        [credential] = device.credentials()
        assert (credential["isResidentCredential"], credential["rpId"]) == (True, "localhost")
        local.goto(f"{local.name}/accounts/2fa/")
        expect(local.get_by_role("row", name="Laptop")).to_contain_text("alone")
        sign_out(local)

        local.goto(f"{local.name}/accounts/login/")
        local.get_by_role("button", name="Sign in with a passkey").click()
        expect(local).to_have_url(f"{local.name}/acme/")

        local.goto(f"{local.name}/acme/settings/tokens/")
        eleven_minutes_ago(local)
        local.get_by_label("What is it for?").fill("pipeline")
        local.get_by_role("button", name="Make token").click()
        local.wait_for_url("**/2fa/reauthenticate/?next=*")  # by a code: there are recovery codes
        local.get_by_role("link", name="Use a passkey").click()
        local.get_by_role("button", name="Use a passkey").click()
        expect(local.locator("#new-token")).to_contain_text("vlm_api_")
        assert mails()[0].subject == "A passkey was added to your account"

    def test_one_of_the_second_step_alone_does_not_replace_the_password(self, local, device):
        sign_in(local)
        add_passkey(local, "Key", alone=False)
        assert device.credentials()[0]["isResidentCredential"] is False
        sign_out(local)
        sign_in(local)
        expect(local).to_have_url(f"{local.name}/accounts/2fa/authenticate/")
        local.get_by_role("button", name="Use a passkey").click()
        expect(local).to_have_url(f"{local.name}/acme/")

    def test_without_its_owner_it_signs_nobody_in_alone(self, local, device):
        sign_in(local)
        add_passkey(local)
        sign_out(local)
        device.forgets_its_owner()
        local.goto(f"{local.name}/accounts/login/")
        local.get_by_role("button", name="Sign in with a passkey").click()
        expect(local.get_by_role("alert").filter(has_text="cancelled")).to_be_visible()
        local.goto(f"{local.name}/acme/")
        assert "/accounts/login/" in local.url

    @pytest.mark.asvs("6.5.6")
    def test_a_removed_one_opens_nothing(self, local, device):
        sign_in(local)
        add_passkey(local)
        local.goto(f"{local.name}/accounts/2fa/")
        local.get_by_role("link", name="Remove Laptop").click()
        local.get_by_role("button", name="Remove the passkey").click()
        expect(local.get_by_text("The passkey is removed.")).to_be_visible()
        sign_out(local)
        local.goto(f"{local.name}/accounts/login/")
        local.get_by_role("button", name="Sign in with a passkey").click()
        expect(local.get_by_role("alert")).to_contain_text("Incorrect code")
        assert device.credentials()

    def test_at_an_address_the_page_says_where_they_are_possible(self, local, site):
        local.name = site
        sign_in(local)
        local.goto(f"{site}/accounts/2fa/")
        expect(local.get_by_role("link", name="Add a passkey")).to_have_count(0)
        link = local.get_by_role("link", name="http://localhost")
        assert link.get_attribute("href") == site.replace("127.0.0.1", "localhost") + "/accounts/2fa/"
        local.goto(f"{site}/accounts/login/")
        sign_out(local)
        local.goto(f"{site}/accounts/login/")
        expect(local.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)


def test_recovery_codes_are_copied_and_kept_as_a_file(local):
    sign_in(local)
    add_app(local)
    shown = local.locator("#codes").text_content().split()
    with local.expect_download() as kept:
        local.get_by_role("button", name="Download").click()
    assert kept.value.suggested_filename == "vallum-recovery-codes.txt"
    assert kept.value.path().read_text().split() == shown
    assert len(shown) == 10


def test_two_step_sign_in_is_set_up_and_used_by_keyboard_alone(local):
    sign_in(local)
    local.goto(f"{local.name}/accounts/2fa/")
    local.get_by_role("link", name="Set up an app").focus()
    local.keyboard.press("Enter")
    local.wait_for_url("**/totp/activate/")
    secret = local.locator("#secret").text_content()
    expect(local.locator("#id_code")).to_be_focused()
    local.keyboard.type(totp.format_hotp_value(totp.hotp_value(secret, min(totp.yield_hotp_counters_from_time()))))
    local.keyboard.press("Enter")
    local.wait_for_url("**/recovery-codes/")
    sign_out(local)
    local.goto(f"{local.name}/accounts/login/")
    local.get_by_label("Email").focus()
    local.keyboard.type(EMAIL)
    local.keyboard.press("Tab")
    local.keyboard.type(PASSWORD)
    local.keyboard.press("Enter")
    local.wait_for_url("**/2fa/authenticate/")
    expect(local.locator("#id_code")).to_be_focused()
    local.keyboard.type(totp.format_hotp_value(totp.hotp_value(secret, max(totp.yield_hotp_counters_from_time()))))
    local.keyboard.press("Enter")
    local.wait_for_url("**/acme/")
    assert {cookie["name"] for cookie in local.context.cookies()} == {"session", "csrf"}


def clean(page, paths):
    """What axe finds, or what is wider than its window, in every view."""
    found = []
    for path in paths:
        page.goto(page.name + path)
        found += barriers(page)
    return found


@pytest.fixture
def lenient(local, chromium):
    """A window that lets axe in, which the content policy does not."""
    window = chromium.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True).new_page()
    window.name = local.name
    yield window
    window.context.close()


def test_nobody_is_left_out(lenient):
    assert clean(lenient, ["/accounts/login/"]) == []
    sign_in(lenient)
    assert clean(lenient, PAGES) == []


def test_nobody_is_left_out_who_has_factors(lenient):
    sign_in(lenient)
    session = lenient.context.new_cdp_session(lenient)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    more = {"isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options | more})
    add_passkey(lenient)
    assert clean(lenient, ["/accounts/2fa/recovery-codes/"]) == []
    add_app(lenient)
    key = Authenticator.objects.get(type="webauthn").pk
    assert clean(lenient, [path.format(key=key) for path in WITH_FACTORS]) == []
    sign_out(lenient)
    sign_in(lenient)
    assert clean(lenient, ["/accounts/2fa/authenticate/"]) == []
