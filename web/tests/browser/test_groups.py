"""Groups of findings: opened in place from the keyboard, and read by everybody."""

import making
import pytest
from looking import VIEWS, here
from playwright.sync_api import expect
from served import sign_in

from vallum_engine.model.finding import Severity
from vallum_web.assets import services as assets
from vallum_web.assets.models import Asset
from vallum_web.findings import services
from vallum_web.findings.filters import GROUPS
from vallum_web.repositories.models import Repository
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.browser
PAGES = {
    "since": "/acme/findings/?since=7d",
    "nothing": "/acme/findings/?q=zebra",
    "assets-stale": "/acme/assets/?scanned=stale",
    "assets-never": "/acme/assets/?scanned=never",
    "overview": "/acme/",
}


@pytest.fixture
def people(live_database):
    """Two assets with flaws of three packages, and secrets of two rules."""
    made = making.people()
    severities = list(Severity)
    flaws = [
        making.vulnerability(name, f"CVE-2026-{number:04}", severity=severities[number % 4], fixed=f"2.{number % 2}.0")
        for name in ("left-pad", "lodash", "a-package-with-a-name-that-is-rather-long-as-they-come")
        for number in range(5)
    ]
    keys = [making.secret(f"n{number}", line=number + 1, rule=f"rule-{number % 2}") for number in range(14)]
    for name, found in (("team/shop", [*flaws, *keys]), ("team/site", flaws[:4])):
        scan = scans.uploaded(assets.add(made.org, "repository", name, made.alice.pk), None)
        report = making.report(*found)
        services.digest(scan, report)
        scans.finish(scan, report, engine="0.1.0", outcome={})
    with scope(made.org.pk):
        shop = Asset.objects.of(made.org).get(name="team/shop")
        Repository.objects.create(org=made.org, asset=shop, url="https://github.com/team/shop.git")
    assets.add(made.org, "repository", "team/new", made.alice.pk)
    return made


def test_a_group_opens_in_place_and_shows_a_finding_beside(page, people):
    sign_in(page)
    page.goto("/acme/findings/")
    page.get_by_label("Grouping").select_option(label="By rule")
    page.wait_for_url("**/findings/?group=rule")
    page.locator("#group-1").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("o")
    inside = page.locator("#group-1-rows li")
    inside.first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator("#panel article").wait_for()
    assert "group=rule" in page.url
    assert inside.count() > 0
    page.keyboard.press("Escape")
    page.locator("#group-1 [data-unfold]").click()
    expect(inside).to_have_count(0)
    page.locator("#group-1 [data-open]").click()
    page.wait_for_url("**/findings/?rule=*")
    page.locator("tr[id^=finding-]").first.wait_for()


def test_a_ticket_is_written_from_the_list(page, people):
    sign_in(page)
    page.goto("/acme/findings/?kind=vulnerability&severity=critical&asset=")
    for key in ("j", "t"):
        page.keyboard.press(key)
    body = page.locator("#ticket-body")
    body.wait_for()
    assert "**What ends it:**" in body.input_value()
    page.keyboard.press("a")
    page.get_by_label("Person").wait_for()
    page.keyboard.press("s")
    page.get_by_label("Reason").wait_for()
    page.keyboard.press("?")
    for key in ("j", "k", "enter", "x", "s", "a", "t", "c", "esc", "?"):
        expect(page.locator("#keys kbd", has_text=key).first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.keyboard.type("**bold**")
    page.get_by_role("button", name="Preview").click()
    page.locator("#comment-preview strong", has_text="bold").wait_for()
    expect(page.locator("#panel textarea[name=text]").first).to_have_value("**bold**")


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_everybody_can_read_it(chromium, site, people, scheme, width):
    context = chromium.new_context(
        base_url=site, color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    window = context.new_page()
    sign_in(window)
    found = []
    for by in GROUPS:
        window.goto(f"/acme/findings/?group={by}")
        if width > 860:
            window.locator("[data-unfold]").first.click()
            window.locator("#group-1-rows li").first.wait_for()
        found += here(window, f"groups-{by}-{scheme}-{width}")
    for name, path in PAGES.items():
        window.goto(path)
        found += here(window, f"{name}-{scheme}-{width}")
    window.goto("/acme/findings/?kind=vulnerability")
    window.goto(window.locator("[data-open]").first.get_attribute("href").replace("/?", "/ticket/?"))
    found += here(window, f"ticket-{scheme}-{width}")
    context.close()
    assert found == []
