"""What an asset is worth, in a real browser: said without JavaScript, in light and dark, wide and narrow, for everybody."""

import making
import pytest
from looking import barriers
from playwright.sync_api import expect
from served import sign_in

from vallum_web.accounts.services import teams
from vallum_web.repositories import services as repositories

pytestmark = pytest.mark.browser


@pytest.fixture
def asset(live_database):
    people = making.people()
    teams.make(people.org, people.alice.pk, "Platform")
    return repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset


def test_without_javascript_both_are_said_at_once(chromium, site, asset):
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    window.goto(f"/acme/assets/{asset.pk}/")
    window.get_by_label("Importance").select_option("critical")
    window.get_by_label("Exposure").select_option("internet")
    window.get_by_role("button", name="Save").last.click()
    expect(window.get_by_text("critical importance")).to_have_count(1)
    expect(window.get_by_label("Exposure")).to_have_value("internet")
    window.context.close()


def test_it_can_be_read_and_used_by_everybody(page, site, asset):
    sign_in(page)
    page.goto(f"/acme/assets/{asset.pk}/")
    assert barriers(page, "asset-worth") == []
