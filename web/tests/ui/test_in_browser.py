"""Keyboard, swaps and accessibility of the frame, in a real browser, without a server: every answer is made here."""

import mimetypes
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from django.http import HttpRequest, QueryDict
from django.template import Context, Engine
from playwright.sync_api import expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("allauth.account.urls"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
]
HERE = "http://vallum.test"
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
PAGES = Path(__file__).parent / "pages"
ROWS = (PAGES / "rows.html").read_text()
PANEL = (PAGES / "panel.html").read_text()
PAGE = (PAGES / "page.html").read_text().replace("@ROWS@", ROWS).replace("@PANEL@", PANEL)


def context(path, query):
    request = HttpRequest()
    request.path, request.GET = path, QueryDict(query)
    return Context(
        {
            "request": request,
            "csrf_token": "token",
            "now": datetime(2026, 11, 24, tzinfo=UTC),
            "severities": ["critical", "high", "medium", "low", "info"],
            "counts": {"critical": 1, "low": 5},
            "one": path != "/things",
            "tabs": [{"label": "Open", "url": "/things", "count": 5, "current": True}],
            "nav": [{"label": "", "entries": [{"label": "Things", "url": "/things", "icon": "list", "current": True}]}],
            "account": {"name": "Alice", "email": "alice@example.org", "entries": []},
        }
    )


def answer(route):
    request = route.request
    address = urlsplit(request.url)
    if address.path.startswith("/static/"):
        file = Path(finders.find(address.path.removeprefix("/static/")))
        route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file.name)[0])
    elif address.path == "/fails":
        route.fulfill(status=500, body="no")
    else:
        source = {"panel": PANEL, "things": ROWS}.get(request.headers.get("hx-target"), PAGE)
        html = Engine.get_default().from_string(source).render(context(address.path, address.query))
        route.fulfill(body=html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY})


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def tab(chromium):
    scope = chromium.new_context(viewport={"width": 1280, "height": 800})
    scope.route("**/*", answer)
    page = scope.new_page()
    page.set_default_timeout(5_000)
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if "Content Security Policy" in line.text else None)
    page.goto(HERE + "/things")
    yield page
    stored = page.evaluate("Object.keys(sessionStorage).concat(Object.keys(localStorage))")
    scope.close()
    assert troubles == []
    assert stored == []


def test_a_list_is_driven_from_the_keyboard(tab):
    for key in ("j", "j", "j", "k"):
        tab.keyboard.press(key)
    expect(tab.locator("[data-current]")).to_have_id("thing-2")
    tab.keyboard.press("Enter")
    expect(tab.locator("#panel h2")).to_have_text("The thing")
    expect(tab).to_have_url(HERE + "/things/2")
    tab.keyboard.press("?")
    expect(tab.locator("#keys")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.locator("#keys")).to_be_hidden()
    tab.keyboard.press("Escape")
    expect(tab.locator("#panel > *")).to_have_count(0)
    expect(tab).to_have_url(HERE + "/things")
    expect(tab.locator("#thing-2 a")).to_be_focused()


def test_back_shows_what_the_address_says(tab):
    tab.click("#thing-1 a")
    expect(tab.locator("#panel h2")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.locator("#panel > *")).to_have_count(0)
    tab.go_back()
    expect(tab.locator("#panel h2")).to_be_visible()
    expect(tab).to_have_url(HERE + "/things/1")
    tab.go_back()
    expect(tab.locator("#panel > *")).to_have_count(0)


def test_a_moment_is_told_on_hover_in_the_readers_zone(chromium):
    scope = chromium.new_context(timezone_id="Asia/Tokyo", locale="en-GB")
    scope.route("**/*", answer)
    page = scope.new_page()
    page.goto(HERE + "/things")
    moment = page.locator("#thing-1 time")
    expect(moment).to_have_attribute("title", "2026-11-24 00:00:00 UTC")
    moment.dispatch_event("mouseover")  # in this narrow list the row's button comes in front of it
    expect(moment).to_have_attribute("title", re.compile(r"24 Nov 2026.*09:00:00 (GMT\+9|JST)"))
    expect(moment).to_have_text("just now")
    scope.close()


def test_a_search_leaves_nothing_empty_in_the_address(tab):
    tab.keyboard.press("/")
    tab.keyboard.type("jinja")
    expect(tab).to_have_url(re.compile("q=jinja"))
    assert parse_qs(urlsplit(tab.url).query, keep_blank_values=True) == {"q": ["jinja"]}
    tab.keyboard.press("Escape")
    expect(tab.locator("[data-search]")).to_have_value("jinja")


def test_another_list_closes_what_was_open_beside_the_old_one(tab):
    tab.click("#thing-1 a")
    expect(tab.locator("#panel h2")).to_be_visible()
    tab.select_option("select[name=kind]", "a")
    expect(tab).to_have_url(HERE + "/things?kind=a")
    expect(tab.locator("#panel > *")).to_have_count(0)


def test_a_shortcut_presses_the_button_of_the_current_row_and_a_failure_is_said(tab):
    tab.keyboard.press("s")
    expect(tab.locator("#notice")).to_be_hidden()  # no row is current: nothing is pressed
    tab.keyboard.press("j")
    tab.keyboard.press("s")
    expect(tab.locator("#notice")).to_contain_text("The server answered 500")


def test_shortcuts_can_be_switched_off(tab):
    tab.evaluate("document.documentElement.dataset.keys = 'off'")
    tab.keyboard.press("j")
    expect(tab.locator("[data-current]")).to_have_count(0)


@pytest.mark.parametrize("path", ["/things", "/things/1"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_overflows_and_nobody_is_left_out(chromium, path, scheme, width):
    scope = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True)
    scope.route("**/*", answer)
    page = scope.new_page()
    page.set_default_timeout(5_000)
    page.goto(HERE + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    violations = Axe().run(page).response["violations"]
    scope.close()
    assert [
        (found["id"], found["nodes"][0]["html"]) for found in violations if found["impact"] in {"serious", "critical"}
    ] == []
