"""Suppression rules and trials of an asset's worth in a real browser: without JavaScript, light and dark, for everybody."""

import making
import pytest
from looking import barriers
from playwright.sync_api import expect
from served import sign_in

from vallum_engine.model.finding import Severity
from vallum_web.findings import services
from vallum_web.findings.models import Bulk
from vallum_web.findings.pattern import Pattern
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.browser


@pytest.fixture
def record(live_database):
    """Findings in tests and in the product, of which some have been fixed, and a rule in force."""
    people = making.people()
    asset = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    severities = list(Severity)
    found = [making.secret(f"n{n}", path=f"tests/unit/case_{n}.py", severity=severities[n % 5]) for n in range(24)]
    product = [making.secret("p", path="src/app.py"), making.vulnerability("lodash", "CVE-2026-0002")]
    services.digest(scans.uploaded(asset, None), making.report(*found, *product))
    paths = tuple(place.path for each in found for place in each.locations)
    services.digest(scans.uploaded(asset, None), making.report(*found[2:], *product, paths=paths))
    _, begun = services.make_rule(
        people.org, people.alice.pk, Pattern.read(path="tests/unit/case_1*"), reason="test_data", note="Made-up keys."
    )
    services.run_bulk(people.org.pk, begun.pk)
    return people, asset


def test_without_javascript_a_rule_is_tried_and_made(chromium, site, record):
    people, _ = record
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    window.goto("/acme/settings/suppression-rules/")
    window.get_by_role("link", name="New rule").click()
    window.get_by_label("Path").fill("tests/**")
    window.get_by_role("button", name="Try it on the record").click()
    expect(window.get_by_text("was worth seeing")).to_have_count(1)
    window.get_by_role("button", name="Hide ").click()
    window.wait_for_url("**/findings/bulk/**")
    with scope(people.org.pk):
        waiting = Bulk.objects.of(people.org).filter(status="queued").get().pk
    services.run_bulk(people.org.pk, waiting)
    window.reload()
    expect(window.get_by_text("Done: ")).to_have_count(1)
    window.get_by_role("link", name="To the suppression rules").click()
    expect(window.get_by_role("button", name="Lift")).to_have_count(2)
    window.context.close()


def test_the_list_leads_to_a_rule_about_what_was_ticked(page, site, record):
    sign_in(page)
    page.goto("/acme/findings/?kind=secret")
    page.locator("[data-pick]").first.check()
    page.get_by_role("button", name="Hide all like this by a rule…").click()
    page.wait_for_url("**/suppression-rules/new/?**")
    expect(page.locator("[name=rule]")).to_have_value("example-token")


def test_they_can_be_read_and_used_by_everybody(page, site, record):
    _, asset = record
    sign_in(page)
    page.goto("/acme/settings/suppression-rules/")
    found = barriers(page, "suppression-rules")
    page.goto("/acme/settings/suppression-rules/new/?path=tests/**")
    page.get_by_role("button", name="Try it on the record").click()
    page.get_by_role("heading", name="If this rule held now").wait_for()
    found += barriers(page, "suppression-rule-tried")
    page.goto(f"/acme/assets/{asset.pk}/worth/try/?importance=critical&exposure=internet")
    found += barriers(page, "worth-tried")
    page.goto("/acme/findings/?kind=secret")
    page.locator("[data-pick]").first.check()
    assert found + barriers(page, "worklist-bulk") == []
