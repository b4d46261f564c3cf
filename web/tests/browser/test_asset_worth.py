"""What an asset is worth, in a real browser: said without JavaScript, in light and dark, wide and narrow, for everybody."""

import os
from pathlib import Path

import making
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from served import sign_in

from vallum_web.accounts.services import teams
from vallum_web.repositories import services as repositories

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("VALLUM_SHOTS")


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_and_used_by_everybody(page, site, asset, scheme):
    page.emulate_media(color_scheme=scheme)
    sign_in(page)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"/acme/assets/{asset.pk}/")
        found = Axe().run(page).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"asset-worth-{scheme}-{width}.png", full_page=True)
