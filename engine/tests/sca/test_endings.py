"""Distributions that get no more fixes: by the table, and by the day that the caller names."""

import re

import pytest

from vallum_engine.model.file import File
from vallum_engine.model.finding import Kind
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.systems import ending
from vallum_engine.sca.systems.release import read

DPKG = ("var/lib/dpkg/status", b"Package: bash\nStatus: install ok installed\nVersion: 5.0-4\n")


def release(name, version, **more):
    told = {"ID": name, "VERSION_ID": version, **more}
    return read(File("etc/os-release", "\n".join(f'{key}="{value}"' for key, value in told.items()).encode()))


@pytest.mark.parametrize(
    ("name", "version", "today", "since"),
    [
        pytest.param("debian", "10", "2024-07-01", "2024-06-30", id="the day after"),
        pytest.param("debian", "10", "2024-06-30", None, id="its last day"),
        pytest.param("alpine", "3.18.4", "2026-01-01", "2025-05-09", id="a part of a version"),
        pytest.param("alpine", "3.1.4", "2026-01-01", "2016-11-01", id="a version that another one begins with"),
        pytest.param("alpine", "3.19_alpha20230901", "2030-01-01", None, id="a development branch"),
        pytest.param("ubuntu", "18.04", "2026-01-01", "2023-05-31", id="an LTS without its paid years"),
        pytest.param("rhel", "7.9", "2026-01-01", "2024-06-30", id="a minor release of Red Hat"),
        pytest.param("amzn", "2", "2026-07-01", "2026-06-30", id="amazon"),
        pytest.param("wolfi", "20230201", "2030-01-01", None, id="one that rolls"),
        pytest.param("debian", "99", "2030-01-01", None, id="a release that the table does not know"),
    ],
)
def test_a_distribution_ends_after_its_last_day(name, version, today, since):
    found = ending.ended(release(name, version), today)
    if since is None:
        assert found is None
    else:
        assert f"no more security fixes since {since}" in found.message
        assert (found.kind, found.rule, found.ruleset) == (
            Kind.WEAKNESS,
            "distribution-end-of-life",
            "packages/end-of-life",
        )


def test_stream_and_centos_end_on_days_of_their_own():
    assert ending.ended(release("centos", "8", NAME="CentOS Stream"), "2024-01-01") is None
    assert "2021-12-31" in ending.ended(release("centos", "8", NAME="CentOS Linux"), "2024-01-01").message


def test_the_steps_name_what_to_move_to():
    steps = ending.ended(release("debian", "10"), "2026-01-01").remediation.steps
    assert steps[0] == "Move to Debian 13, which is mended until 2030-06-30, or build on an image of it."
    assert steps[1].startswith("Until then Freexian's extended support")


def test_where_nothing_is_mended_any_more_another_distribution_is_the_step():
    steps = ending.ended(release("centos", "7", NAME="CentOS Linux"), "2026-01-01").remediation.steps
    assert steps[0].startswith("Move to another distribution")


def test_the_table_holds_days_and_pages():
    assert len(ending.table()) >= 12
    for key, support in ending.table().items():
        assert support.source.startswith("https://"), key
        assert support.ends, key
        for version, last in support.ends.items():
            assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", last), (key, version)
            assert re.fullmatch(r"\d+(\.\d+)?", version), (key, version)


def scanned(today, *files):
    detector = PackageDetector(None, today=today)
    for path, data in files:
        list(detector.detect(File(path, data), ()))
    return list(detector.conclude()), detector


OLD = ("etc/os-release", b"ID=debian\nVERSION_ID=9\n")


def test_a_tree_with_packages_of_an_ended_distribution_has_the_finding():
    (found,), detector = scanned("2026-01-01", DPKG, OLD)
    assert found.locations[0].path == "etc/os-release"
    assert "packages/end-of-life" in {ruleset.name for ruleset in detector.rulesets()}


@pytest.mark.parametrize(
    ("today", "files"),
    [
        pytest.param("", [DPKG, OLD], id="nobody says which day it is"),
        pytest.param("2026-01-01", [OLD], id="a release file without packages, as tests hold them"),
        pytest.param("2026-01-01", [DPKG], id="packages of nobody"),
    ],
)
def test_without_a_day_or_a_distribution_nothing_is_said(today, files):
    found, detector = scanned(today, *files)
    assert not found
    assert ("packages/end-of-life" in {ruleset.name for ruleset in detector.rulesets()}) == bool(today)


def test_of_two_roots_each_speaks_and_the_same_release_is_one_finding():
    found, _ = scanned("2026-01-01", *((root + path, data) for root in ("a/", "b/") for path, data in (DPKG, OLD)))
    assert len(found) == 2
    assert len({finding.identity for finding in found}) == 1
