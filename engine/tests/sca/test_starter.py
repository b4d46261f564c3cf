"""The starter set: well-formed, ours in words, and of one mind with the archives of ../shared."""

import json
import os
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from vallum_engine.model.cvss import base_score
from vallum_engine.model.file import File
from vallum_engine.model.naming import normalised
from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.osv import read_affected
from vallum_engine.sca.starter import SOURCE, starter_records
from vallum_engine.sca.versions import order

DATA = Path(os.environ.get("VALLUM_TEST_DATA") or Path(__file__).parents[4] / "shared/data")
RECORDS = list(starter_records())


@pytest.fixture
def starter(tmp_path):
    path = tmp_path / "starter.db"
    build(RECORDS, path, meta=Meta(built_at="2026-01-01T00:00:00Z", source=SOURCE, partial=True))
    with open_database(path) as opened:
        yield opened


def test_every_record_can_be_used(starter):
    assert starter.facts.left_out == {}
    assert starter.facts.advisories == len(RECORDS)
    assert 45 <= len(RECORDS) <= 60
    assert min(starter.facts.counts.values()) >= 5


def test_no_advisory_is_there_twice():
    assert max(Counter(record["id"] for _, record in RECORDS).values()) == 1


@pytest.mark.parametrize(("ecosystem", "record"), [pytest.param(e, r, id=r["id"]) for e, r in RECORDS])
def test_a_record_is_rated_and_told_in_a_line(ecosystem, record):
    for severity in record.get("severity", ()):
        assert base_score(severity["score"]) is not None
    assert record.get("severity") or record["database_specific"]["severity"]
    assert 20 < len(record["summary"]) < 120
    assert record["affected"][0]["package"]["ecosystem"] == ecosystem


def test_a_first_scan_finds_the_old_acquaintances(starter):
    detector = PackageDetector(starter)
    lock = {
        "packages": {"node_modules/lodash": {"version": "4.17.20"}, "node_modules/event-stream": {"version": "3.3.6"}}
    }
    detector.detect(File("package-lock.json", json.dumps(lock).encode()), ())
    detector.detect(File("requirements.txt", b"PyYAML==5.3\nDjango==3.2.1\n"), ())
    found = {(f.kind.value, f.package.name, f.rule) for f in detector.conclude()}
    assert found == {
        ("malware", "event-stream", "GHSA-mh6f-8j2x-4483"),
        ("vulnerability", "lodash", "CVE-2021-23337"),
        ("vulnerability", "PyYAML", "CVE-2020-14343"),
        ("vulnerability", "Django", "CVE-2021-35042"),
        ("vulnerability", "Django", "CVE-2022-28346"),
        ("vulnerability", "Django", "CVE-2022-34265"),
    }


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared")
def test_ranges_are_those_of_the_archives():
    """Where an archive has the same id for the same package, one of its records must mean the same versions."""
    known = defaultdict(list)
    for ecosystem in ("Go", "PyPI", "crates.io", "npm"):
        with zipfile.ZipFile(DATA / f"osv/{ecosystem}.zip") as archive:
            for raw in map(archive.read, archive.namelist()):
                record = json.loads(raw)
                for affected in record["affected"]:
                    name = normalised(ecosystem, affected["package"]["name"])
                    spans = frozenset(read_affected({"ranges": affected.get("ranges", [])}, order(ecosystem)).spans)
                    for identifier in {record["id"], *record.get("aliases", ())}:
                        known[ecosystem, name, identifier].append(spans)
    checked = 0
    for ecosystem, record in RECORDS:
        (affected,) = record["affected"]
        ours = frozenset(read_affected(affected, order(ecosystem)).spans)
        theirs = known[ecosystem, affected["package"]["name"], record["id"]]
        if theirs:
            assert ours in theirs, record["id"]
            checked += 1
    assert checked >= 40
