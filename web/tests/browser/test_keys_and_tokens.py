"""A private repository's token and the organization's keys in a browser, by keyboard alone, in light and in dark."""

import making
import pytest
from looking import barriers
from playwright.sync_api import expect

from vallum_guard.git import Credential
from vallum_web.repositories import services
from vallum_web.tenancy.keyring import progress, rotation
from vallum_web.tenancy.keyring.keys import Owner

pytestmark = pytest.mark.browser
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
    assert barriers(page, name) == []


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
