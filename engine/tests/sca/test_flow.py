"""Lockfiles through the front door: scan() over files, and what its report lets others conclude."""

import pytest

from vallum_engine.detector import Detector
from vallum_engine.model.distributions import FAMILIES
from vallum_engine.model.file import File, Skipped
from vallum_engine.pipeline import scan
from vallum_engine.plugins import load
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.lockfiles import ECOSYSTEMS, NAMES, PATTERNS, UNPUBLISHED, extractor
from vallum_engine.sca.versions import ORDERS, order
from vallum_engine.triggers import collect

LOCK = b'{"packages": {"": {"dependencies": {"left": "*"}},\n"node_modules/left": {"version": "1.5.0"}}}'


def report_of(advisories, *items):
    detector: Detector = PackageDetector(advisories)
    return scan(items, [detector], triggers=collect([detector]).fallback())


def test_a_vulnerable_package_is_in_the_report(database, record):
    report = report_of(
        database(record("GHSA-1")), File("web/package-lock.json", LOCK), File("README.md", b"left 1.5.0")
    )
    (finding,) = report.findings
    assert finding.fingerprint.startswith("package/1:")
    assert [(p.name, p.version, p.direct) for p in report.packages] == [("left", "1.5.0", True)]
    assert not report.incomplete
    assert report.coverage.speaks_for("packages/npm", "GHSA-1", "web/package-lock.json")


def test_the_fixed_package_resolves_and_so_does_the_deleted_lockfile(database, record):
    data = database(record("GHSA-1"))
    fixed = report_of(data, File("package-lock.json", LOCK.replace(b"1.5.0", b"2.0.0")))
    deleted = report_of(data, File("README.md", b""))
    for report in (fixed, deleted):
        assert report.findings == ()
        assert report.coverage.speaks_for("packages/npm", "GHSA-1", "package-lock.json")


def test_a_lockfile_that_broke_resolves_nothing_there_and_all_elsewhere(database, record):
    data = database(record("GHSA-1"))
    report = report_of(data, File("a/package-lock.json", LOCK[:-4]), File("b/package-lock.json", LOCK))
    assert len(report.findings) == 1
    assert report.incomplete
    (problem,) = report.errors
    assert problem.path == "a/package-lock.json"
    assert "line 2: not" in problem.what
    assert "npm install --package-lock-only" in problem.what
    assert not report.coverage.speaks_for("packages/npm", "GHSA-1", "a/package-lock.json")
    assert report.coverage.speaks_for("packages/npm", "GHSA-1", "b/package-lock.json")


def test_a_lockfile_that_was_too_large_to_hand_on_resolves_nothing(database, record):
    report = report_of(database(record("GHSA-1")), Skipped("package-lock.json", "over the size limit"))
    assert report.incomplete
    assert not report.coverage.speaks_for("packages/npm", "GHSA-1", "package-lock.json")


def test_no_data_is_no_clean_bill():
    report = report_of(None, File("package-lock.json", LOCK))
    assert report.findings == ()
    assert report.incomplete
    assert len(report.packages) == 1


def test_a_folder_without_lockfiles_needs_no_data():
    assert not report_of(None, File("README.md", b"")).incomplete


def test_a_comment_in_a_file_of_packages_hides_its_line(database, record):
    data = database(record("GHSA-1", ecosystem="PyPI", aliases=["CVE-2020-1"]))
    for mark, shown in (("", 1), ("# vallum:ignore", 0), ("# vallum:ignore[GHSA-1]", 0), ("# vallum:ignore[x]", 1)):
        report = report_of(data, File("requirements.txt", f"left==1.0 {mark}\n".encode()))
        assert (len(report.findings), len(report.suppressed)) == (shown, 1 - shown), mark
        assert not report.incomplete


@pytest.mark.parametrize("form", sorted({*NAMES.values(), *PATTERNS.values()}))
def test_the_table_of_formats_leads_to_readers(form):
    assert callable(extractor(form))
    assert ECOSYSTEMS[form] in ORDERS.keys() | UNPUBLISHED | FAMILIES.keys()


@pytest.mark.parametrize("ecosystem", sorted(ORDERS))
def test_the_table_of_orders_leads_to_keys(ecosystem):
    assert order(ecosystem)("1.0.0") < order(ecosystem)("1.0.1")


def test_the_door_names_what_is_missing():
    with pytest.raises(ModuleNotFoundError, match=r"vallum_engine\.nothing"):
        load("vallum_engine.nothing:here")
