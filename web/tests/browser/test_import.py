"""Importing a report in a real browser: chosen and sent by hand, with JavaScript and without, in light and dark, for everybody."""

import json

import making
import pytest
from looking import barriers
from playwright.sync_api import expect
from served import sign_in

from vallum_web.ingest import tasks
from vallum_web.ingest.models import Upload
from vallum_web.scans import command
from vallum_web.tenancy.scope import scope

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(command.isolation().level.value == "none", reason="this machine cannot isolate anything"),
]
LONG = "a-very-long-name-of-a-rule/" * 12


@pytest.fixture
def people(live_database):
    return making.people()


@pytest.fixture
def reports(tmp_path):
    """One good report with records that cannot be read, and one that is none."""
    place = {"physicalLocation": {"artifactLocation": {"uri": "app.py"}, "region": {"startLine": 3}}}
    results = [{"ruleId": f"rule-{n}", "message": {"text": "m"}, "locations": [place]} for n in range(12)]
    run = {
        "tool": {"driver": {"name": "Example", "rules": []}},
        "results": [*results, *["damaged"] * 60, {"ruleId": LONG}],
    }
    (tmp_path / "example.sarif").write_text(json.dumps({"version": "2.1.0", "runs": [run]}))
    (tmp_path / "notes.txt").write_text("what is this")
    return tmp_path


def send(page, file):
    """Fill the form in, and let the worker read what came."""
    page.goto("/acme/import/")
    page.get_by_role("combobox", name="Asset").fill("shop")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_label("This is all that the tool has to say about the asset")).to_be_checked()
    page.get_by_role("button", name="Import").click()
    page.wait_for_url("**/acme/scans/**")


def work(people):
    with scope(people.org.pk):
        upload = Upload.objects.of(people.org).latest("id")
    tasks.digest_upload(people.org.pk, upload=str(upload.pk))


def test_a_report_is_chosen_sent_and_followed(page, site, people, reports):
    sign_in(page)
    send(page, reports / "example.sarif")
    work(people)
    # The page asks for itself until the scan has ended.
    expect(page.get_by_role("heading", name="records in the report")).to_be_visible()
    expect(page.get_by_role("region", name="Records that were not imported").locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("runs[0].results[71]")).to_be_visible()


def test_without_javascript_it_is_sent_and_read_again(chromium, site, people, reports):
    window = chromium.new_context(base_url=site, java_script_enabled=False).new_page()
    sign_in(window)
    send(window, reports / "notes.txt")
    work(people)
    window.reload()
    expect(window.get_by_text("of no report format that is known")).to_be_visible()
    window.get_by_role("link", name="Read it again as").click()
    window.get_by_role("combobox", name="Format").select_option("hadolint")
    window.get_by_role("button", name="Read it again").click()
    window.wait_for_url("**/acme/scans/**")
    work(people)
    window.reload()
    expect(window.get_by_text("Hadolint", exact=False).first).to_be_visible()
    window.context.close()


def test_nobody_is_left_out(chromium, site, people, reports):
    window = chromium.new_context(base_url=site, bypass_csp=True).new_page()
    sign_in(window)
    places = {"import": "/acme/import/"}
    for name, file in (("done", "example.sarif"), ("failed", "notes.txt")):
        send(window, reports / file)
        work(people)
        places[name] = window.url
    window.reload()
    places["asset"] = window.get_by_role("link", name="shop").first.get_attribute("href")
    found = []
    for name, path in (*places.items(), ("again", f"{places['failed']}again/")):
        window.goto(path)
        found += barriers(window, name)
    window.context.close()
    assert found == []
