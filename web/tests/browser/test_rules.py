"""Notification rules in a real browser: made without JavaScript, previewed, readable in light and dark for everybody."""

import making
import pytest
from looking import barriers
from served import sign_in

from vallum_engine import wire
from vallum_engine.model.finding import Severity
from vallum_web.ingest import services as ingest
from vallum_web.notify import rules

pytestmark = pytest.mark.browser


@pytest.fixture
def people(live_database):
    """With a scan that found something, and a rule of Alice's own."""
    people = making.people()
    found = [making.secret("a"), making.secret("b", severity=Severity.CRITICAL)]
    data = wire.dump(making.report(*found))
    ingest.digest(ingest.accept(people.org.pk, people.alice.pk, asset_name="shop", chunks=[data]))
    wanted = rules.Wanted(name="What is new", occasions=("finding.opened", "scan.failed"), way="mail", rhythm="daily")
    rules.make(people.org, people.alice.pk, wanted, own=True)
    return people


def test_without_javascript_a_rule_is_previewed_and_made(chromium, site, people):
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    window.goto("/acme/settings/notifications/")
    window.get_by_role("link", name="New rule").click()
    window.get_by_label("Name", exact=True).fill("Critical ones")
    window.locator("#id_audience").select_option("security")
    window.get_by_label("Findings opened").check()
    window.get_by_label("Findings of at least this severity").select_option("4")
    window.get_by_role("button", name="Preview").click()
    assert "1 finding opened" in window.locator("#preview").inner_text()
    assert "critical: Example token in shop" in window.locator("#preview").inner_text()
    window.get_by_role("button", name="Save").click()
    window.get_by_role("link", name="Critical ones").wait_for()
    window.context.close()


def test_nobody_is_left_out(chromium, site, people):
    window = chromium.new_context(base_url=site, bypass_csp=True).new_page()
    sign_in(window)
    found = []
    for name, path in (
        ("rules", "/acme/settings/notifications/"),
        ("rule-new", "/acme/settings/notifications/new/"),
        ("rules-own", "/accounts/notifications/"),
    ):
        window.goto(path)
        found += barriers(window, name)
    window.get_by_role("link", name="What is new").click()
    window.wait_for_url("**/acme/notifications/*/")
    found += barriers(window, "rule-own")
    assert found == []
    window.context.close()
