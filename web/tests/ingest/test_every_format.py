"""Every format's own examples, and the large set of ../shared, through the worker and its sandbox: imported + rejected = input."""

import json
import os
from pathlib import Path

import pytest

from vallum_engine.parsers.catalogue import all_formats
from vallum_web.findings.models import Finding
from vallum_web.ingest import services, tasks
from vallum_web.ingest.models import Upload
from vallum_web.scans import command
from vallum_web.scans.models import Rejected
from vallum_web.tenancy.scope import scope

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(command.isolation().level.value == "none", reason="this machine cannot isolate anything"),
]

HERE = Path(__file__)
EXAMPLES = HERE.parents[3] / "engine/tests/parsers/examples"
DATA = Path(os.environ.get("VALLUM_TEST_DATA") or HERE.parents[4] / "shared/data") / "reports"
PARTS = ("findings", "merged", "ignored", "passed", "rejected")
SAMPLED = ("trivy", "anchore_grype", "zap", "nmap", "semgrep", "checkov", "tenable", "snyk")


@pytest.fixture
def take(people):
    """Import a file as an asset of its own, and give what the platform holds of it."""

    def taken(file, name):
        sent = services.accept(people.org.pk, people.alice.pk, asset_name=name, chunks=[file.read_bytes()])
        tasks.digest_upload(people.org.pk, upload=str(sent.pk))
        with scope(people.org.pk):
            upload = Upload.objects.of(people.org).select_related("scan").get(pk=sent.pk)
            findings = Finding.objects.of(people.org).filter(asset=upload.scan.asset_id).count()
            rows = Rejected.objects.of(people.org).filter(scan=upload.scan_id)
            return upload, findings, sum(row.count for row in rows)

    return taken


def unaccounted(upload, findings, listed):
    """What does not add up, in words; empty when all does."""
    if upload.status != Upload.Status.DIGESTED:
        return f"{upload.status}: {upload.problem}"
    outcome = upload.scan.outcome
    if sum(outcome[part] for part in PARTS) != outcome["records"]:
        return f"records: {outcome}"
    if listed != outcome["rejected"]:
        return f"{listed} listed as rejected: {outcome}"
    # Of several findings of one report the record may join some: fewer rows, never more.
    if not findings <= outcome["findings"] or bool(findings) != bool(outcome["findings"]):
        return f"{findings} stored: {outcome}"
    return ""


@pytest.mark.parametrize("name", sorted(all_formats()))
def test_every_formats_example_is_accounted_for(take, name):
    (file,) = (EXAMPLES / name).glob("many.*")
    upload, *held = take(file, name)
    assert unaccounted(upload, *held) == ""
    assert upload.scan.tool == name


def test_there_are_many_formats():
    assert len(all_formats()) > 50


def sampled():
    """The smallest and the largest good sample of some tools."""
    if not DATA.is_dir():
        return
    index = json.loads((DATA / "index.json").read_text())["files"]
    for tool in SAMPLED:
        files = [DATA / entry["file"] for entry in index if entry["tool"] == tool and entry.get("raw_records")]
        known = sorted((file for file in files if file.is_file()), key=lambda file: file.stat().st_size)
        for file in dict.fromkeys((*known[:1], *known[-1:])):
            yield pytest.param(file, id=file.relative_to(DATA).as_posix())


@pytest.mark.parametrize("file", list(sampled()))
def test_real_reports_are_accounted_for(take, file):
    assert unaccounted(*take(file, file.name)) == ""
