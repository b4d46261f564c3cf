"""The worklist worked from the keyboard: ticked, hidden, taken back, given away; and read by everybody."""

import making
import pytest
from looking import VIEWS, here
from playwright.sync_api import expect
from served import sign_in

from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.models import Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.browser


@pytest.fixture
def people(live_database):
    """Four findings of one scan."""
    made = making.people()
    asset = assets.add(made.org, "repository", "team/shop", made.alice.pk)
    found = [making.secret(f"n{number}", line=number + 1) for number in range(4)]
    services.digest(scans.uploaded(asset, None), making.report(*found))
    return made


def statuses(people):
    with scope(people.org.pk):
        return sorted(Finding.objects.of(people.org).values_list("status", flat=True))


def test_many_are_hidden_and_taken_back_without_a_mouse(page, people):
    sign_in(page)
    page.goto("/acme/findings/")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("[data-picked]")).to_have_text("2")
    page.locator("#bulk button[value=suppress]").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Suppress 2 findings").wait_for()
    page.get_by_role("button", name="Suppress 2").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Done: 2 of 2 changed").wait_for()
    assert statuses(people) == ["open", "open", "suppressed", "suppressed"]
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Done: 2 of 2 changed").wait_for()
    assert statuses(people) == ["open"] * 4


def test_a_finding_is_given_to_somebody_beside_the_list(page, people):
    sign_in(page)
    page.goto("/acme/findings/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator("#panel article").wait_for()
    page.keyboard.press("a")
    page.get_by_label("Person").select_option(label="Bob")
    page.locator("#panel").get_by_role("button", name="Assign", exact=True).click()
    page.get_by_text("Assigned to Bob by Alice").wait_for()
    page.goto("/acme/findings/?assignee=" + str(people.bob.pk))
    expect(page.locator("[data-row]")).to_have_count(1)


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_everybody_can_read_it(chromium, site, people, scheme, width):
    context = chromium.new_context(
        base_url=site, color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    window = context.new_page()
    sign_in(window)
    found = []
    for path in ("/acme/findings/", "/acme/settings/due/"):
        window.goto(path)
        found += here(window, f"{path.strip('/').replace('/', '-')}-{scheme}-{width}")
    context.close()
    assert found == []
