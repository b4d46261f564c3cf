"""Importing a report by hand: the page, what the scan says afterwards, and reading it again as something else."""

import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from vallum_web.assets import services as assets
from vallum_web.ingest import services, tasks
from vallum_web.ingest.models import Upload
from vallum_web.scans import command
from vallum_web.scans import queries as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.skipif(
    command.isolation().level.value == "none", reason="this machine cannot isolate anything"
)

EXAMPLES = Path(__file__).parents[3] / "engine/tests/parsers/examples"
TRIVY = (EXAMPLES / "trivy/many.json").read_bytes()


def damaged(count):
    run = {"tool": {"driver": {"name": "Example", "rules": []}}, "results": ["damaged"] * count}
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()


@pytest.fixture
def browser(signed_in, bob):
    return signed_in(bob)


@pytest.fixture
def send(browser, org):
    """Send the form, let the worker work, and give the page it led to."""

    def sent(data, *, name="report.json", **more):
        form = {"asset": "shop", "format": "", "whole": "on", **more}
        answer = browser.post("/acme/import/", {**form, "report": SimpleUploadedFile(name, data)})
        assert answer.status_code == 302, answer.content.decode()
        return read(answer)

    def read(answer):
        with scope(org.pk):
            upload = Upload.objects.of(org).latest("id")
        assert answer.headers["Location"] == f"/acme/scans/{upload.scan_id}/"
        tasks.digest_upload(org.pk, upload=str(upload.pk))
        return browser.get(answer.headers["Location"]).content.decode()

    sent.read = read
    return sent


def test_the_page_offers_what_there_is(browser, org, alice):
    asset = assets.add(org, "repository", "team/shop", alice.pk)
    page = browser.get(f"/acme/import/?asset={asset.pk}").content.decode()
    assert 'value="team/shop"' in page
    assert '<option value="team/shop">' in page
    assert '<option value="zap">ZAP (Zed Attack Proxy) (zap)</option>' in page
    assert 'enctype="multipart/form-data"' in page
    assert 'name="whole"' in page
    assert "checked" in page
    for place in ("/acme/findings/", "/acme/assets/", f"/acme/assets/{asset.pk}/"):
        assert "/acme/import/" in browser.get(place).content.decode()


def test_an_import_leads_to_its_scan_which_accounts_for_it(send, browser, org, bob):
    waiting = browser.post(
        "/acme/import/",
        {"asset": "shop", "whole": "on", "format": "", "report": SimpleUploadedFile("t.json", TRIVY)},
    )
    live = browser.get(waiting.headers["Location"]).content.decode()
    assert "Waiting for a free worker" in live
    assert 'hx-trigger="every 2s"' in live
    page = send.read(waiting)
    with scope(org.pk):
        scan = Scan.objects.of(org).get()
        outcome = scan.outcome
        assert Entry.objects.of(org).filter(kind="upload.kept", actor=bob.pk).count() == 1
    said = f"{outcome['records']} records in the report"
    for words in ("Trivy", "report imported", "Bob", said, "Further places", "How it was read", "Not imported"):
        assert words in page
    parts = ("findings", "merged", "passed", "ignored", "rejected")
    assert sum(outcome[part] for part in parts) == outcome["records"]
    asset = browser.get(f"/acme/assets/{scan.asset_id}/").content.decode()
    assert "Looked at by" in asset
    assert "report of trivy" in asset


def test_the_same_file_again_says_that_nothing_was_read(send, browser, org):
    send(TRIVY)
    answer = browser.post(
        "/acme/import/",
        {"asset": "shop", "whole": "on", "format": "", "report": SimpleUploadedFile("t.json", TRIVY)},
    )
    page = browser.get(answer.headers["Location"]).content.decode()
    assert "so nothing was read again" in page
    with scope(org.pk):
        first, second = Scan.objects.of(org).order_by("id")
    assert (second.repeats, second.status) == (first.pk, first.status)
    assert f"/acme/scans/{first.pk}/" in page


def test_rejected_records_are_in_a_table_with_pages(send, browser, org):
    page = send(damaged(120))
    assert "Done, with gaps" in page
    assert "120 records in the report" in page
    assert "runs[0].results[0]" in page
    assert "runs[0].results[50]" not in page
    with scope(org.pk):
        scan = Scan.objects.of(org).get()
        seen, after = [], ""
        while after is not None:
            part = scans.rejected_page(org, scan, after=after)
            seen += [line.number for line in part.rows]
            after = part.next
    assert seen == list(range(1, 121))
    with scope(org.pk):
        cursor = scans.rejected_page(org, scan).next
    second = browser.get(f"/acme/scans/{scan.pk}/", {"after": cursor}).content.decode()
    assert "runs[0].results[50]" in second


def test_a_part_says_so_and_ends_nothing(send, browser, org):
    page = send((EXAMPLES / "trivy/one.json").read_bytes(), whole="")
    assert "what it does not list has not ended" in page
    with scope(org.pk):
        scan = Scan.objects.of(org).get()
    assert scan.complete is False
    assert "a part" in browser.get(f"/acme/assets/{scan.asset_id}/").content.decode()


def test_a_refused_report_can_be_read_again_from_its_page(send, browser, org):
    page = send(b"what is this", name="what.txt")
    assert "of no report format that is known" in page
    assert "It is kept for 24 hours" in page
    assert "Read it again as" in page
    with scope(org.pk):
        scan = Scan.objects.of(org).get()
    form = browser.get(f"/acme/scans/{scan.pk}/again/").content.decode()
    assert "what.txt" in form
    answer = browser.post(f"/acme/scans/{scan.pk}/again/", {"format": "hadolint"})
    assert answer.status_code == 302
    assert "hadolint" in send.read(answer).lower()
    unknown = browser.post(f"/acme/scans/{scan.pk}/again/", {"format": "nope"})
    assert unknown.status_code == 422
    with clock.travelled(services.KEPT_FOR * 1.01):
        services.prune(org.pk)
    gone = browser.post(f"/acme/scans/{scan.pk}/again/", {"format": "sarif"})
    assert gone.status_code == 409
    assert "no longer kept" in gone.content.decode()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        pytest.param({"asset": "shop"}, "This field is required", id="no file"),
        pytest.param({"asset": "a\u202eb"}, "in one line", id="a name that deceives"),
        pytest.param({"asset": "shop", "format": "nope"}, "Select a valid choice", id="no such format"),
    ],
)
def test_what_is_missing_is_said(form, words, browser, org):
    files = {} if form == {"asset": "shop"} else {"report": SimpleUploadedFile("r", b"x")}
    answer = browser.post("/acme/import/", {**form, **files})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with scope(org.pk):
        assert not Upload.objects.of(org).exists()


def test_a_report_past_the_limit_is_not_kept(browser, org, monkeypatch):
    monkeypatch.setattr(services, "UPLOAD_BYTES", 10)
    answer = browser.post("/acme/import/", {"asset": "shop", "report": SimpleUploadedFile("r", b"x" * 11)})
    assert answer.status_code == 422
    assert "Split the report" in answer.content.decode()
    with scope(org.pk):
        assert not Upload.objects.of(org).exists()
