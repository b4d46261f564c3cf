"""What a newcomer does on the first day: sign up, add code, have it scanned, work a finding."""

import re
import zipfile
from pathlib import Path
from uuid import UUID

import pytest
from looking import here
from playwright.sync_api import Page, expect
from served import sign_up

from vallum_web.ingest import work
from vallum_web.overview.shop import write_shop
from vallum_web.scans.models import Scan
from vallum_web.tenancy import lookups
from vallum_web.tenancy.scope import scope

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    write_shop(tmp_path / "shop")
    path = tmp_path / "shop.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted((tmp_path / "shop").rglob("*")):
            if file.is_file():
                packed.write(file, file.relative_to(tmp_path))
    return path


def run_the_queue() -> Scan:
    """What the worker does, in this process: the sandbox and the scanner are the real ones."""
    (org,) = lookups.all_orgs()
    with scope(org):
        key: UUID = Scan.objects.of(org).get().pk
    work.run(org, key)
    with scope(org):
        return Scan.objects.of(org).get()


def accessible(page: Page) -> None:
    assert here(page) == []


def test_from_sign_up_to_a_worked_finding(page: Page, archive: Path) -> None:
    sign_up(page)
    expect(page).to_have_url(re.compile("/new/$"))
    accessible(page)
    page.get_by_label("Organization name").fill("Nora & Co")
    page.get_by_label("Address").fill("nora")
    page.locator("main button[type=submit]").click()
    expect(page).to_have_url(re.compile("/nora/$"))
    accessible(page)
    add_an_archive(page, archive)
    work_a_finding(page)


def add_an_archive(page: Page, archive: Path) -> None:
    page.goto("/nora/assets/add/archive/")
    accessible(page)
    form = page.locator("form:has(input[type=file])")
    form.locator("input[type=file]").set_input_files(archive)
    form.get_by_label("Name").fill("shop")
    form.locator("button[type=submit]").click()
    expect(page.locator("main")).to_contain_text("Queued")
    scan = run_the_queue()
    assert scan.failure == ""
    assert scan.outcome["new"] > 10
    # The page asks again by itself while the scan is under way.
    expect(page.locator("main")).not_to_contain_text("Queued", timeout=10_000)
    accessible(page)


def work_a_finding(page: Page) -> None:
    page.goto("/nora/findings/")
    accessible(page)
    rows, panel = page.locator("[data-row]"), page.locator("#panel")
    before = rows.count()
    assert before > 10
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/nora/findings/[0-9a-f-]{36}/"))
    expect(panel).to_contain_text("History")
    accessible(page)
    page.go_back()
    expect(page).to_have_url(re.compile("/nora/findings/$"))

    page.goto("/nora/findings/?q=github")
    expect(rows).to_have_count(1)
    rows.first.get_by_role("link").first.click()
    panel.locator("summary", has_text="Suppress").click()
    panel.get_by_label("Reason").select_option(label="Test or example data")
    panel.get_by_label("Note").fill("The demo's own")
    panel.get_by_role("button", name="Suppress").click()
    expect(panel).to_contain_text("Take the suppression back")
    page.goto("/nora/findings/")
    expect(rows).to_have_count(before - 1)
