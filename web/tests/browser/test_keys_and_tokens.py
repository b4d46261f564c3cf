"""A private repository's token and the organization's keys in a browser, by keyboard alone, in light and in dark."""

import os
from pathlib import Path

import making
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from vallum_guard.git import Credential
from vallum_web.repositories import services
from vallum_web.tenancy.keyring import progress, rotation
from vallum_web.tenancy.keyring.keys import Owner

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("VALLUM_SHOTS")
TOKEN = "canary-" + "5e1f" * 6
KEYS = "/acme/settings/keys/"


@pytest.fixture
def people(live_database):
    return making.people()


@pytest.fixture
def signed_in_page(page, site, people):
    page.goto("/accounts/login/?next=/acme/assets/add/")
    page.get_by_label("Email").fill("alice@example.test")
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Address")).to_be_visible()
    return page


def looked_at(page, name):
    """Both schemes, wide and narrow: nothing for axe to say, nothing wider than the window."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if SHOTS:
                page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})


def test_a_token_is_given_replaced_and_removed_by_keyboard(signed_in_page):
    page = signed_in_page
    looked_at(page, "add")
    page.get_by_label("Address").focus()
    page.keyboard.type(f"https://alice:{TOKEN}@code.example.test/team/shop.git")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Token", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Present token")).to_be_visible()
    expect(page.get_by_role("cell", name="alice")).to_be_visible()
    assert TOKEN not in page.content()
    looked_at(page, "token")
    first = page.locator("td code").inner_text()
    page.get_by_label("Token", exact=True).focus()
    page.keyboard.type(f"another-{TOKEN}")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The token is kept, sealed.")).to_be_visible()
    page.get_by_role("link", name="Token", exact=True).click()
    assert page.locator("td code").inner_text() != first
    page.get_by_role("button", name="Remove").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("cloned as a public one")).to_be_visible()
    looked_at(page, "no-token")


def test_keys_are_shown_and_rotated_by_keyboard(signed_in_page, people):
    page = signed_in_page
    page.goto(KEYS)
    looked_at(page, "no-key")
    for number in range(3):
        url = f"https://code.example.test/team/shop{number}"
        services.add_by_url(people.org, None, url=url, credential=Credential(token=f"{TOKEN}{number}"))
    page.reload()
    expect(page.get_by_text("3 tokens of private repositories")).to_be_visible()
    page.get_by_role("button", name="Rotate the key").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The worker makes a new key")).to_be_visible()
    progress.begin(Owner.org(people.org.pk), 2)
    page.goto(KEYS)
    expect(page.get_by_text("A rotation began")).to_be_visible()
    looked_at(page, "rotating")
    rotation.rotate(people.org.pk, 2)
    page.goto(KEYS)
    expect(page.get_by_text("3 values moved")).to_be_visible()
    expect(page.get_by_text("Version 1")).to_have_count(0)
    looked_at(page, "rotated")
