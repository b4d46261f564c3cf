"""The page of provisioning in a browser: connecting a provider by keyboard, and what it made, in light and in dark."""

import making
import pytest
from looking import barriers
from playwright.sync_api import expect
from providing import GROUP, USER, provisioner

from vallum_web.accounts.models import Membership
from vallum_web.accounts.services import join, set_plan

pytestmark = pytest.mark.browser


@pytest.fixture
def people(live_database):
    return making.people()


@pytest.fixture
def signed_in_page(page, site, people):
    page.goto("/accounts/login/?next=/acme/settings/provisioning/")
    page.get_by_label("Email").fill("alice@example.test")
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Connection")).to_be_visible()
    return page


def looked_at(page, name):
    assert barriers(page, name) == []


def test_a_provider_is_connected_by_keyboard(signed_in_page):
    page = signed_in_page
    looked_at(page, "empty")
    page.get_by_label("Which provider is it for?").focus()
    page.keyboard.type("Okta")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="New token: Okta")).to_be_visible()
    assert page.locator("#new-token").inner_text().startswith("vlm_scim_")
    looked_at(page, "made")
    page.get_by_role("button", name="Revoke Okta").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("the provider reaches nothing here any more")).to_be_visible()


def test_what_it_made_is_shown(signed_in_page, people):
    page = signed_in_page
    provider, _ = provisioner(people.org, people.alice)
    bob = provider.person("bob@example.test", displayName="Bob Builder")["id"]
    provider.person("alice@example.test", name={"givenName": "Alice", "familyName": "Liddell"})
    provider.person("dana@example.test", displayName="Dana\u202eDoe")
    provider("POST", "/Users", {"schemas": [USER], "userName": "robot-17", "displayName": "A robot"})
    erin = making.person("erin@example.test")
    join(people.org, erin, Membership.Role.SECURITY)
    gone = provider.person("erin@example.test", displayName="Erin Ended")["id"]
    provider.patch(f"/Users/{gone}", {"op": "replace", "value": {"active": False}})
    provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "Platform", "members": [{"value": bob}]})
    set_plan(people.org, "free", 2)
    provider.patch(f"/Users/{gone}", {"op": "replace", "value": {"active": True}})
    page.reload()
    expect(page.get_by_text("Bob Builder")).to_be_visible()
    expect(page.get_by_text("Needs a hand")).to_be_visible()
    expect(page.get_by_text("as many members as its plan Free allows")).to_be_visible()
    looked_at(page, "people")
    page.get_by_role("link", name="Not members yet").click()
    expect(page.get_by_text("A robot")).to_be_visible()
    expect(page.get_by_text("Bob Builder")).to_have_count(0)
    page.goto("/acme/settings/teams/")
    expect(page.get_by_text("looked after by your identity provider")).to_be_visible()
    looked_at(page, "team")
