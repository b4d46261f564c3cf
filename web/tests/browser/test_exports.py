"""Exports in a real browser: from the worklist to the file, without JavaScript, for everybody; and the report on its own."""

from pathlib import Path

import making
import pytest
from looking import SHOTS, barriers
from playwright.sync_api import expect
from served import sign_in

from vallum_web.assets import services as assets
from vallum_web.findings import services as findings
from vallum_web.findings.filters import Filters
from vallum_web.reports import queries, services, work
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.browser
EXPORTS = "/acme/exports/"
LONG = "src/" + "a-very-long-folder-name/" * 8 + "app.py"


@pytest.fixture
def people(live_database):
    made = making.people()
    asset = assets.add(made.org, "repository", "shop-of-a-very-long-name-" + "x" * 60, made.alice.pk)
    found = [
        making.secret("one", path=LONG, title="A token of a very long title, " * 6),
        making.vulnerability("left-pad", "CVE-2024-0001"),
        making.secret("two", severity=making.Severity.INFO),
    ]
    scan = scans.uploaded(asset, None)
    with scope(made.org.pk):
        findings.digest(scan, making.report(*found, paths=("app.py", LONG, "package-lock.json")))
    return made


@pytest.fixture
def exported(people):
    """One that is done, one that failed, one that is being written."""
    done = services.ask(people.org, people.alice.pk, form="html", filters=Filters())
    work.run(people.org.pk, done.pk)
    failed = services.ask(people.org, people.alice.pk, form="csv", filters=Filters(text="x" * 120))
    services.fail(
        services.begin(people.org.pk, failed.pk), "This machine failed. Free some disk space, then export again."
    )
    running = services.ask(
        people.org, people.alice.pk, form="cyclonedx", filters=Filters(severities=("critical", "high"))
    )
    begun = services.begin(people.org.pk, running.pk)
    services.measured(
        begun,
        total=250_000,
        last=None,
        note="3 findings of the list are not in it: VEX speaks of vulnerabilities alone.",
    )
    services.follow(begun, 100_000)
    return done, begun


def test_from_the_worklist_to_the_file_while_the_page_follows_by_itself(page, site, people):
    sign_in(page)
    page.goto("/acme/findings/")
    page.get_by_role("link", name="High").first.click()
    page.wait_for_url("**severity=high**")
    page.get_by_role("link", name="Export this list").click()
    page.wait_for_url("**/exports/?severity=high")
    page.get_by_label("As").select_option("ndjson")
    page.get_by_role("button", name="Export").click()
    row = page.get_by_role("region", name="Exports").locator("tbody tr")
    expect(row).to_contain_text("open findings; high")
    expect(row).to_contain_text("Waiting")
    with scope(people.org.pk):
        (waiting,) = queries.exports(people.org)
    work.run(people.org.pk, waiting.pk)
    expect(row).to_contain_text("Done", timeout=6000)
    with page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    assert len(Path(download.value.path()).read_bytes().splitlines()) == 2
    row.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("There is none.")).to_be_visible()


def test_without_javascript_it_is_asked_for_and_deleted(chromium, site, people):
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    window.goto(EXPORTS)
    window.get_by_role("button", name="Export").click()
    expect(window.get_by_role("link", name="Reload to see how far it is")).to_have_count(1)
    window.get_by_role("button", name="Delete").click()
    expect(window.get_by_text("There is none.")).to_have_count(1)
    window.context.close()


def test_nobody_is_left_out(chromium, site, exported):
    window = chromium.new_context(base_url=site, bypass_csp=True).new_page()
    sign_in(window)
    window.goto(f"{EXPORTS}?severity=high")
    problems = barriers(window, "exports-page")
    window.goto("/acme/findings/")
    problems += barriers(window, "exports-worklist")
    assert problems == []
    window.context.close()


def test_the_report_is_read_from_a_disk_by_everybody_and_printed(chromium, site, exported, people, tmp_path):
    done, _ = exported
    with scope(people.org.pk):
        (part,) = queries.parts(people.org, done.pk)
    file = tmp_path / "report.html"
    file.write_bytes(making.stored(people.org.pk, part.blob, services.SHELF))
    window = chromium.new_context(offline=True, bypass_csp=True).new_page()
    asked = []
    window.on("request", lambda request: asked.append(request.url))
    window.goto(file.as_uri())
    assert barriers(window, "exports-report") == []
    assert asked == [file.as_uri()]
    window.emulate_media(media="print", color_scheme="dark")
    paper = "() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    assert window.evaluate(paper) == ["rgba(0, 0, 0, 0)", "rgb(23, 25, 28)"]
    assert window.pdf(format="A4").startswith(b"%PDF-")
    if SHOTS:
        window.pdf(format="A4", path=f"{SHOTS}/exports-report.pdf", print_background=False)
    window.context.close()
