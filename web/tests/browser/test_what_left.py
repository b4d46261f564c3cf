"""The egress page in a real browser: narrowed by keyboard alone, without JavaScript, in light and dark, for everybody."""

import making
import pytest
from looking import barriers
from playwright.sync_api import expect
from served import sign_in

from vallum_web.tenancy import egress

pytestmark = pytest.mark.browser
LEFT = "/acme/settings/egress/"
LONG = "git.a-very-long-name-of-a-department.of-an-even-longer-company-name.example"


@pytest.fixture
def people(live_database):
    made = making.people()
    record = egress.ledger(made.org.pk)
    for number in range(55):
        record(making.departure(LONG if number % 9 == 0 else "code.example", "clone", sent=4_000, received=9_000_000))
    record(making.departure("login.example", "single sign-on", sent=900, received=3_000))
    record(making.departure("10.0.0.7", "clone", ok=False, address=None, sent=0, received=0))
    record(making.departure("code.example", "clone", ok=False, sent=700, received=0))
    return made


def test_it_is_narrowed_by_keyboard_alone(page, site, people):
    sign_in(page)
    page.goto(LEFT)
    page.keyboard.press("/")
    page.keyboard.type("login.example")
    page.keyboard.press("Enter")
    page.wait_for_url("**party=login.example**")
    expect(page.get_by_role("region", name="Every departure").locator("tbody tr")).to_have_count(1)
    expect(page.get_by_label("To which host")).to_have_value("login.example")


def test_without_javascript_it_narrows_and_turns_pages(chromium, site, people):
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    window.goto(LEFT)
    window.get_by_role("link", name="Next").click()
    expect(window.get_by_role("region", name="Every departure").locator("tbody tr")).to_have_count(8)
    window.get_by_role("link", name="Previous").click()
    window.get_by_label("Purpose").select_option("single sign-on")
    window.get_by_role("button", name="Apply").click()
    expect(window.get_by_role("region", name="Every departure").locator("tbody tr")).to_have_count(1)
    window.context.close()


def test_nobody_is_left_out(chromium, site, people):
    window = chromium.new_context(base_url=site, bypass_csp=True).new_page()
    sign_in(window)
    found = []
    for name, path in (
        ("all", LEFT),
        ("some", f"{LEFT}?purpose=single+sign-on"),
        ("none", f"{LEFT}?party=nobody.example"),
    ):
        window.goto(path)
        found += barriers(window, f"egress-{name}")
    window.context.close()
    assert found == []
