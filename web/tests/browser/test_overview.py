"""The first page in a real browser: light and dark, wide and narrow, without JavaScript, for everybody."""

from datetime import timedelta
from pathlib import Path

import making
import pytest
from looking import SHOTS, VIEWS, here, put
from playwright.sync_api import expect
from served import sign_in

from vallum_engine.model.finding import Severity
from vallum_engine.model.report import Coverage, RuleSet
from vallum_web.accounts.models import Membership
from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.models import Day, Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.browser
BOTH = tuple(RuleSet(name=name, version="1", rules=None) for name in ("secrets", "sca"))


@pytest.fixture
def org(live_database):
    """Two assets, findings of every severity, one hidden, some resolved; seventy days, one of them missing."""
    people = making.people()
    org, shop = people.org, assets.add(people.org, "repository", "shop", people.alice.pk)
    assets.add(org, "repository", "a-repository-with-a-rather-long-name-that-nobody-scans", people.alice.pk)
    many = [making.secret(str(n), line=n + 1, severity=list(Severity)[n % 5], rule=f"rule-{n % 4}") for n in range(20)]
    many += [making.vulnerability(name, f"CVE-2024-100{n}") for n, name in enumerate(("left-pad", "left-pad", "axios"))]
    said = making.report(*many, coverage=Coverage(rulesets=BOTH, paths=("app.py", "package-lock.json")))
    for found in (said, making.report(*many[3:], coverage=said.coverage)):
        scan = scans.uploaded(shop, None)
        services.digest(scan, found)
        with scope(org.pk):
            scans.finish(scan, found, engine="0.1.0", outcome={})
    with scope(org.pk):
        services.suppress(
            org, Finding.objects.of(org).filter(status="open").first().pk, people.alice.pk, reason="test_data"
        )
    services.measure(org.pk)
    with scope(org.pk):
        Membership.objects.of(org).filter(user=people.alice).update(looked_at=clock.now() - timedelta(days=2))
        for row in list(Day.objects.of(org)):
            after, hidden = row.risk_open, row.risk_suppressed
            for back in {*range(1, 70)} - {30}:
                row.id, row.day = uuid7(), clock.now().date() - timedelta(days=back)
                row.risk_open, row.risk_suppressed = after + back * 7 % 11 * back // 20, hidden + back % 50
                row.save(force_insert=True)
    return org


def test_without_javascript_a_fix_leads_to_what_it_ends(chromium, site, org):
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    expect(window.get_by_text("Since your last visit")).to_be_visible()
    window.get_by_text("The numbers").click()
    expect(window.get_by_role("region", name="Risk by day").get_by_role("row")).to_have_count(70)
    window.get_by_role("link", name="Upgrade left-pad 1.0.0 to 2.0.0").click()
    expect(window.get_by_role("row")).to_have_count(3)
    window.context.close()


def test_the_chart_says_the_numbers_of_a_day_by_keyboard_and_by_pointer(page, site, org):
    sign_in(page)
    chart = page.locator("[data-chart]")
    days = page.locator("[data-middle] title").all_text_contents()
    expect(chart.locator("output")).to_have_text(days[-1])
    slider = page.get_by_role("slider", name="Day")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(chart.locator("output")).to_have_text(days[-2])
    expect(slider).to_have_attribute("aria-valuetext", days[-2])
    page.keyboard.press("Home")
    expect(chart.locator("output")).to_have_text(days[0])
    chart.locator("[data-middle]").nth(12).hover()
    expect(chart.locator("output")).to_have_text(days[12])
    expect(slider).to_have_value("12")


def test_it_can_be_read_and_used_by_everybody(page, site, org):
    sign_in(page)
    found = []
    for scheme, width in VIEWS:
        put(page, scheme, width)
        page.goto("/acme/")
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"overview-{scheme}-{width}.png", full_page=True)
        page.get_by_text("The numbers").click()
        found += here(page)
    assert found == []
