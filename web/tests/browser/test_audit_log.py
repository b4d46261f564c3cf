"""The audit log in a real browser: by keyboard, narrowed in place, without JavaScript, for everybody."""

import json
from uuid import uuid4

import making
import pytest
from looking import barriers
from playwright.sync_api import expect
from served import sign_in

from vallum_web.accounts.services import teams
from vallum_web.tenancy.audit import tasks
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.browser
LOG = "/acme/settings/audit/"


@pytest.fixture
def people(site, settings, tmp_path):
    settings.HOME, settings.KEK_FILE = tmp_path, tmp_path / "key"
    made = making.people()
    for name in ("Platform", "Web"):
        teams.make(made.org, made.alice.pk, name)
    with scope(made.org.pk, user=made.alice.pk):
        emit("asset.added", uuid4(), name="shop with a name that is rather long, as names of repositories can be")
    tasks.keep()
    return made


def test_it_is_read_by_keyboard_alone(page, people):
    sign_in(page)
    page.goto(LOG)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_have_text("Team made")
    assert "/settings/audit/0" in page.url
    page.keyboard.press("Escape")
    expect(page.locator("#panel h2")).to_have_count(0)
    page.go_back()
    expect(page.locator("#panel h2")).to_have_text("Team made")


def test_it_is_narrowed_in_place_and_the_address_follows(page, people):
    sign_in(page)
    page.goto(LOG)
    expect(page.locator("tr[data-row]")).to_have_count(5)
    page.get_by_label("What").select_option("team")
    expect(page.locator("tr[data-row]")).to_have_count(2)
    expect(page).to_have_url(f"{page.url.partition('/acme')[0]}{LOG}?kind=team")
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator("tr[data-row]")).to_have_count(5)
    expect(page.get_by_label("What")).to_have_value("")


def test_without_javascript_it_filters_pages_and_opens(chromium, site, people):
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    window.goto(LOG)
    window.get_by_label("What").select_option("team")
    window.get_by_role("button", name="Apply").click()
    expect(window.locator("tr[data-row]")).to_have_count(2)
    window.get_by_role("link", name="Team made").first.click()
    expect(window.locator("#panel h2")).to_have_text("Team made")
    window.context.close()


def test_a_copy_is_saved_as_a_file(page, people):
    sign_in(page)
    page.goto(LOG)
    page.get_by_role("link", name="Export…").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export", exact=True).click()
    lines = saved.value.path().read_text().splitlines()
    assert saved.value.suggested_filename.endswith(".ndjson")
    assert [json.loads(line).get("seq") for line in lines] == ["1", "2", "3", "4", "5", None]


def test_nobody_is_left_out(chromium, site, people):
    window = chromium.new_context(base_url=site, bypass_csp=True).new_page()
    sign_in(window)
    with scope(people.org.pk):
        entry = Entry.objects.of(people.org).latest("seq").pk
    found = []
    for path in (LOG, f"{LOG}?kind=team", f"{LOG}?kind=scan", f"{LOG}{entry}/", f"{LOG}export/?kind=team"):
        window.goto(path)
        found += barriers(window)
    window.context.close()
    assert found == []
