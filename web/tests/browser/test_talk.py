"""Comments and saved views in a real browser: from the keyboard, in place, without JavaScript, for everybody."""

import making
import pytest
from looking import SHOTS, barriers
from playwright.sync_api import expect
from served import sign_in

from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.browser
LIST = "/acme/findings/"
HOSTILE = (
    "<img src=x onerror=alert(1)> <script>alert(2)</script> [x](javascript:alert(3)) ![y](https://evil.example/p.png)"
)
LONG = (
    "Is this **still** in use? See [the runbook](https://wiki.example/runbook).\n\n"
    "1. Revoke it.\n2. Look for `ghp_` in the logs:\n\n```\ngrep -r " + "ghp_" * 60 + " .\n```\n\n"
    "> " + "A quotation of some length. " * 4 + "\n\n" + "x" * 200
)


@pytest.fixture
def people(live_database):
    made = making.people()
    asset = assets.add(made.org, "repository", "shop", made.alice.pk)
    scan = scans.uploaded(asset, None)
    with scope(made.org.pk):
        services.digest(scan, making.report(making.secret("one"), making.secret("two")))
        made.finding = Finding.objects.of(made.org).latest("risk", "id").pk
    return made


def test_from_the_keyboard_and_in_place(page, site, people):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(f"a script of a comment ran: {dialog.message}"))
    sign_in(page)
    page.goto(LIST)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel article")
    page.keyboard.press("c")
    field = page.locator("#comment-text")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    page.keyboard.type("Seen **c** and x.")
    page.get_by_role("button", name="Comment", exact=True).click()
    said = page.locator("#comments .said")
    expect(said).to_have_text("Seen c and x.")
    expect(field).to_have_value("")
    field.fill(HOSTILE)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(said).to_have_count(2)
    expect(said.first).to_contain_text("<script>alert(2)</script>")
    expect(said.first.locator("img, script")).to_have_count(0)
    newest = page.locator("#comments .card").first
    newest.get_by_text("Edit or delete").click()
    newest.get_by_label("Comment").fill("Never mind.")
    newest.get_by_role("button", name="Save").click()
    expect(said.first).to_have_text("Never mind.")
    newest.get_by_text("Edit or delete").click()
    newest.get_by_role("button", name="Delete the comment").click()
    expect(newest).to_contain_text("Deleted by its writer")
    expect(said).to_have_count(1)
    assert not [url for url in asked if "evil.example" in url]


def test_x_ticks_the_current_row(page, site, people):
    sign_in(page)
    page.goto(LIST)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-picked]")).to_have_text("1")
    page.keyboard.press("x")
    expect(page.locator("[data-picked]")).to_have_text("0")


def test_a_view_is_saved_shared_opened_and_deleted(page, site, people):
    sign_in(page)
    page.goto(LIST)
    page.get_by_role("link", name="High").first.click()
    page.wait_for_url("**severity=high**")
    page.get_by_text("Save this view…").click()
    page.get_by_label("Name").fill("High ones")
    page.get_by_role("button", name="Share with the organization").click()
    chip = page.get_by_role("navigation", name="Saved views").get_by_role("link", name="High ones")
    expect(chip).to_have_attribute("aria-current", "page")
    page.goto(f"{LIST}?q=nothing")
    chip.click()
    page.wait_for_url("**/findings/?severity=high")
    expect(page.get_by_label("Search findings")).to_have_value("")
    page.get_by_text("Delete a view…").click()
    page.get_by_role("button", name="Delete High ones").click()
    expect(chip).to_have_count(0)


def test_without_javascript(chromium, site, people):
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    window.goto(f"{LIST}{people.finding}/")
    window.locator("#comment-text").fill("Plain.")
    window.get_by_role("button", name="Comment", exact=True).click()
    window.get_by_text("Edit or delete").click()
    window.get_by_role("button", name="Delete the comment").click()
    expect(window.get_by_text("Deleted by its writer")).to_have_count(1)
    window.goto(f"{LIST}?severity=high")
    window.get_by_text("Save this view…").click()
    window.get_by_label("Name").fill("Mine")
    window.get_by_role("button", name="Save for me").click()
    expect(window.get_by_role("link", name="Mine")).to_have_attribute("aria-current", "page")
    window.context.close()


def test_nobody_is_left_out(chromium, site, people):
    services.comment(people.org, people.finding, people.bob.pk, HOSTILE)
    services.comment(people.org, people.finding, people.alice.pk, LONG)
    gone = services.comment(people.org, people.finding, people.bob.pk, "Gone.")
    services.delete_comment(people.org, people.finding, gone.pk, people.bob.pk)
    for n, name in enumerate(("All open", "Mine to end", "W" * 60, "Known exploited")):
        services.save_view(people.org, people.alice.pk, name, Filters(), shared=n % 2 == 1)
    window = chromium.new_context(base_url=site, bypass_csp=True).new_page()
    sign_in(window)
    problems = []
    for name, address in (("panel", f"{LIST}{people.finding}/"), ("list", LIST)):
        window.goto(address)
        for summary in window.locator("#comments summary, .views summary").all():
            summary.evaluate("(element) => { element.parentElement.open = true; }")
        if SHOTS and name == "panel":
            window.locator("#comments").scroll_into_view_if_needed()
        problems += barriers(window, f"talk-{name}", whole=name == "list")
    assert problems == []
    window.context.close()
