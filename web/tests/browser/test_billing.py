"""From Free to Pro in a real browser: our pages, Stripe's, and back."""

import making
import pytest
from looking import barriers
from playwright.sync_api import expect
from selling import selling
from served import sign_in

from vallum_web.accounts import services

pytestmark = pytest.mark.browser
PLAN = "/acme/settings/plan/"


@pytest.fixture
def stripe(live_database, settings, monkeypatch, site):
    people = making.people()
    services.set_plan(people.org, "free", None)
    with selling(settings, monkeypatch) as shop:
        yield shop


@pytest.mark.slow
def test_somebody_buys_seats_and_looks_at_what_they_have(page, site, stripe):
    sign_in(page)
    page.goto(PLAN)
    assert barriers(page, "plan-free") == []
    page.get_by_label("Seats").fill("3")
    page.get_by_role("button", name="Go on to pay").click()
    expect(page.get_by_role("heading", name="On to Stripe")).to_be_visible()
    assert barriers(page, "plan-away") == []
    page.get_by_role("link", name="Continue at Stripe").click()
    page.get_by_label("Name").fill("Alice")
    page.get_by_label("E-mail").fill("alice@example.test")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{site}{PLAN}")
    expect(page.get_by_text("Acme has 3 seats of Pro.")).to_be_visible()
    expect(page.get_by_role("heading", name="Paid by the month")).to_be_visible()
    expect(page.get_by_text("€87.00")).to_be_visible()
    assert barriers(page, "plan-pro") == []
    page.locator("input[name=seats]").first.fill("5")
    page.get_by_role("button", name="Change seats").click()
    expect(page.get_by_role("heading", name="5 seats instead of 3")).to_be_visible()
    assert barriers(page, "plan-seats") == []
    page.get_by_role("button", name="Have 5 seats and pay").click()
    expect(page.get_by_text("Acme has 5 seats now.")).to_be_visible()
    page.get_by_role("link", name="Cancel…").click()
    assert barriers(page, "plan-smaller") == []
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(page.get_by_role("button", name="Go on after all")).to_be_visible()
    assert barriers(page, "plan-cancelled") == []
