"""From signing up to giving the address back, as somebody does it: with a keyboard, in both themes, wide and narrow.

With VALLUM_SHOTS=FOLDER every page is kept there as a picture.
"""

import re
from io import StringIO
from urllib.parse import urlsplit

import making
import pytest
from django.core.cache import cache
from django.core.management import call_command
from looking import barriers
from mailing import last
from playwright.sync_api import expect

from vallum_web.accounts.models import Acceptance, User
from vallum_web.accounts.services import signins

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EMAIL, PASSWORD, NEW = "nora@example.test", "eighteen quiet lamps", "nora@new.example"


@pytest.fixture
def window(site, chromium):
    """A window that lets axe in, which the content policy does not."""
    cache.clear()
    context = chromium.new_context(base_url=site, viewport={"width": 1440, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def look(page, name):
    """Nobody is left out, and nothing is wider than the window."""
    assert barriers(page, name) == []


def link(to):
    text = last(to=to).text
    return urlsplit(re.search(r"https?://\S+", text)[0]).path


def focus(page, label):
    """Go on with the tab key until the field or button of this name has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "(document.activeElement.labels?.[0]?.textContent || document.activeElement.textContent || '').trim()"
        )
        if here.startswith(label):
            return
    raise AssertionError(f"the tab key does not reach {label!r}")


def tick_and_send(page, button):
    for label in ("I accept", "I am 18"):
        focus(page, label)
        page.keyboard.press("Space")
    focus(page, button)
    page.keyboard.press("Enter")


def test_a_newcomer_signs_up_with_the_keyboard_alone(window):
    window.goto("/accounts/login/")
    look(window, "login")
    focus(window, "Create an account")
    window.keyboard.press("Enter")
    expect(window).to_have_url(re.compile("/accounts/signup/$"))
    look(window, "signup")
    focus(window, "Your name")
    window.keyboard.type("Nora Newcomer")
    focus(window, "Email")
    window.keyboard.type(EMAIL)
    focus(window, "Password")
    window.keyboard.type("short")
    tick_and_send(window, "Create account")
    expect(window.get_by_text("This password is too short")).to_be_visible()
    look(window, "signup-refused")
    focus(window, "Password")
    window.keyboard.type(PASSWORD)
    window.keyboard.press("Enter")  # the ticks of before are still there
    expect(window).to_have_url(re.compile("/accounts/confirm-email/$"))
    look(window, "verification-sent")
    window.goto(link(EMAIL))
    look(window, "email-confirm")
    focus(window, "Yes, confirm it")
    window.keyboard.press("Enter")
    expect(window).to_have_url(re.compile("/accounts/login/"))
    focus(window, "Email")
    window.keyboard.type(EMAIL)
    focus(window, "Password")
    window.keyboard.type(PASSWORD)
    window.keyboard.press("Enter")
    expect(window).to_have_url(re.compile("/new/$"))
    nora = User.objects.get(email=EMAIL)
    assert nora.attested_adult_at is not None
    assert Acceptance.objects.filter(user=nora.pk, method="signup").count() == 2


def test_a_password_can_be_looked_at_while_it_is_typed(window):
    window.goto("/accounts/login/")
    field, button = window.get_by_label("Password"), window.get_by_role("button", name="Show")
    field.fill(PASSWORD)
    focus(window, "Show")
    window.keyboard.press("Enter")
    expect(field).to_have_attribute("type", "text")
    expect(field).to_be_focused()
    expect(button).to_have_attribute("aria-pressed", "true")
    look(window, "password-shown")
    button.click()
    expect(field).to_have_attribute("type", "password")


def test_somebody_whose_account_was_made_for_them_accepts_first(window, monkeypatch):
    monkeypatch.setenv("VALLUM_PASSWORD", PASSWORD)
    call_command("create_owner", "older@example.test", stdout=StringIO())
    window.goto("/accounts/login/")
    window.get_by_label("Email").fill("older@example.test")
    window.get_by_label("Password").fill(PASSWORD)
    window.get_by_role("button", name="Sign in", exact=True).click()
    expect(window).to_have_url(re.compile("/accounts/accept/"))
    look(window, "accept")
    with window.context.expect_page() as opened:
        window.get_by_role("link", name="privacy policy").last.click()
    look(opened.value, "privacy")
    opened.value.goto("/legal/terms/")
    look(opened.value, "terms")
    opened.value.close()
    tick_and_send(window, "Go on")
    expect(window).to_have_url(re.compile("/main/$"))


def test_an_address_is_changed_and_the_old_one_takes_it_back(window):
    user = making.person(EMAIL, name="Nora")
    signins.failed(EMAIL)
    window.goto("/accounts/login/")
    window.get_by_label("Email").fill(EMAIL)
    window.get_by_label("Password").fill("correct horse battery")
    window.get_by_role("button", name="Sign in", exact=True).click()
    window.goto("/accounts/email/")
    look(window, "email")
    window.get_by_label("New address").fill(NEW)
    window.get_by_role("button", name="Change address").click()
    expect(window.get_by_text("waits to be confirmed")).to_be_visible()
    look(window, "email-waiting")
    window.goto(link(NEW))
    look(window, "email-change-confirm")
    window.get_by_role("button", name="Yes, use it").click()
    expect(window.get_by_role("heading", name="Your address has changed")).to_be_visible()
    look(window, "email-changed")
    window.goto("/accounts/sign-ins/")
    expect(window.get_by_role("row", name="E-mail address changed")).to_be_visible()
    look(window, "sign-ins")
    window.goto("/accounts/password/change/")
    look(window, "password-change")

    back = link(EMAIL)
    window.goto(back)
    look(window, "email-revert")
    window.get_by_role("button", name="Take the change back").click()
    expect(window.get_by_role("heading", name="The account is yours again")).to_be_visible()
    look(window, "email-reverted")
    window.goto(back)
    look(window, "email-revert-over")
    window.goto("/accounts/sign-ins/")
    expect(window).to_have_url(re.compile("/accounts/login/"))
    user.refresh_from_db()
    assert user.email == EMAIL
