"""Single sign-on in a real browser: to each kind of provider and back, and an administrator's pages, in both themes."""

import re

import making
import pytest
from django.core.cache import cache
from looking import barriers, here
from playwright.sync_api import expect
from vouching import add_oidc, add_saml, prove

from dev.fakes import oidc as fake_oidc
from dev.fakes import saml as fake_saml
from vallum_web.accounts.models import User
from vallum_web.accounts.sso import domains

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"


@pytest.fixture
def window(site, chromium):
    """A browser that takes the made-up authority of our fakes for a real one."""
    context = chromium.new_context(base_url=site, viewport={"width": 1440, "height": 900}, ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(30_000)
    complaints = []
    page.on("console", lambda line: complaints.append(line) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    # The fakes have no icon, and a refusal of ours is a page with a status of its own.
    ours = [
        str(item) if isinstance(item, str) else item.text
        for item in complaints
        if isinstance(item, str) or item.location["url"].startswith(site)
    ]
    assert [text for text in ours if "403 (Forbidden)" not in text] == []


@pytest.fixture
def people(live_database, site):
    cache.clear()
    made = making.people()
    prove(made.org, "acme.test")
    return made


@pytest.fixture
def oidc(people, monkeypatch, tmp_path):
    with fake_oidc.provider(tmp_path) as fake:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", fake.site.opening)
        monkeypatch.setenv("SSL_CERT_FILE", str(fake.site.authority))
        people.provider = add_oidc(people.org, people.alice, fake)
        yield fake


@pytest.fixture
def saml(people, tmp_path_factory):
    with fake_saml.provider(tmp_path_factory.mktemp("saml")) as fake:
        people.provider = add_saml(people.org, people.alice, fake)
        yield fake


def accessible(page):
    assert here(page) == []


def begin(page):
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Continue with single sign-on").click()
    accessible(page)
    page.get_by_label("Work email").fill("ada@acme.test")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading")).to_have_text("Fake provider")


def arrive(page):
    """At the first sign-in of a newcomer, what holds here is accepted; then the organization opens."""
    page.wait_for_url("**/accounts/accept/**")
    for box in page.locator("main input[type=checkbox]").all():
        box.check()
    page.locator("main button[type=submit]").first.click()
    expect(page).to_have_url(re.compile("/acme/$"))


def test_to_an_oidc_provider_and_back(window, oidc):
    begin(window)
    window.get_by_role("button", name="Sign in").click()
    arrive(window)
    assert User.objects.get(email="ada@acme.test").name == "Ada Lovelace"
    cookies = {cookie["name"]: cookie["sameSite"] for cookie in window.context.cookies()}
    assert cookies == {"session": "Lax", "csrf": "Lax"}


def test_to_a_saml_provider_and_back(window, saml):
    """The provider's page posts to us from another site: what comes back still meets the session that asked."""
    begin(window)
    window.get_by_role("button", name="Sign in").click()
    window.get_by_role("button", name="Continue").click()
    arrive(window)
    assert User.objects.get(email="ada@acme.test").name == "Ada Lovelace"


def test_who_says_no_reads_why(window, oidc):
    begin(window)
    window.get_by_role("button", name="Refuse").click()
    expect(window.get_by_role("alert")).to_contain_text("did not sign you in")
    accessible(window)
    window.get_by_role("link", name="Begin again").click()
    expect(window.get_by_label("Work email")).to_be_visible()


def test_an_account_that_is_here_already_is_asked_for_its_consent(window, oidc):
    making.person("ada@acme.test")
    begin(window)
    window.get_by_role("button", name="Sign in").click()
    expect(window.get_by_role("heading")).to_have_text("Is this account yours?")
    accessible(window)
    window.get_by_role("link", name="Sign in").click()
    window.get_by_label("Email").fill("ada@acme.test")
    window.get_by_label("Password").fill(PASSWORD)
    window.get_by_role("button", name="Sign in", exact=True).click()
    expect(window).to_have_url(re.compile("/accounts/sso/confirm/$"))
    accessible(window)
    window.get_by_role("button", name="Yes, use it for ada@acme.test").click()
    expect(window).to_have_url(re.compile("/acme/$"))


def sign_in(page, email="alice@example.test"):
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/acme/")


def test_an_administrator_adds_one_tests_it_and_switches_it_on(window, people, monkeypatch, tmp_path):
    """By keyboard: every step is a press of Tab and Enter, or typed."""
    sign_in(window)
    with fake_oidc.provider(tmp_path) as fake:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", fake.site.opening)
        monkeypatch.setenv("SSL_CERT_FILE", str(fake.site.authority))
        window.goto("/acme/settings/sso/")
        accessible(window)
        window.get_by_role("link", name="OpenID Connect").focus()
        window.keyboard.press("Enter")
        window.get_by_label("Name", exact=True).focus()
        for text in ("Our login", fake.issuer, fake.client_id, fake.secret):
            window.keyboard.type(text)
            window.keyboard.press("Tab")
        accessible(window)
        window.get_by_role("button", name="Add").focus()
        window.keyboard.press("Enter")
        fake.redirect_uris.add(window.locator("#callback").text_content())
        accessible(window)
        expect(window.get_by_role("button", name="Switch on")).to_be_disabled()
        window.get_by_role("button", name="Test sign-in").focus()
        window.keyboard.press("Enter")
        window.get_by_role("button", name="Sign in").click()
        expect(window.get_by_text("Its answer is genuine")).to_be_visible()
        expect(window.locator("main")).to_contain_text("phone_number")
        accessible(window)
        window.get_by_role("link", name="Back to Our login").focus()
        window.keyboard.press("Enter")
        window.get_by_role("button", name="Switch on").focus()
        window.keyboard.press("Enter")
        expect(window.locator("main")).to_contain_text("It is in use. Members may also sign in with a password.")
        accessible(window)


@pytest.fixture
def pages(people, oidc, saml):
    """Addresses of every page that an administrator has, with something on each."""
    domains.add(people.org, people.alice, "acme.example")
    return [
        "/accounts/sso/",
        "/accounts/sso/at/acme/",
        "/acme/settings/sso/",
        "/acme/settings/sso/add/oidc/",
        "/acme/settings/sso/add/saml/",
        f"/acme/settings/sso/{people.provider.pk}/",
        f"/acme/settings/sso/{people.provider.pk}/change/",
    ]


def test_every_page_is_clean_and_fits(window, people, pages):
    sign_in(window)
    found = []
    for address in pages:
        window.goto(address)
        found += barriers(window)
    assert found == []
