"""Matching through the database beside a straightforward evaluator of the OSV schema's algorithm, on real data.

The evaluator below knows nothing of keys, spans or SQLite: it walks the JSON of every record, with `packaging` for PyPI
and the wording of semver for the others.
"""

import json
import os
import re
import zipfile
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from vallum_engine.model.file import File
from vallum_engine.model.package import Package
from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build
from vallum_engine.sca.lockfiles import extractor, format_of
from vallum_engine.sca.match import affecting, match
from vallum_engine.sca.versions import order

DATA = Path(os.environ.get("VALLUM_TEST_DATA") or Path(__file__).parents[4] / "shared/data")
ECOSYSTEMS = ("Go", "PyPI", "crates.io", "npm")
PER_RECORD = 12

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared")


def archive(ecosystem):
    with zipfile.ZipFile(DATA / f"osv/{ecosystem}.zip") as opened:
        for name in sorted(opened.namelist()):
            if name.endswith(".json"):
                yield opened.read(name)


@pytest.fixture(scope="module")
def advisories(tmp_path_factory):
    path = tmp_path_factory.mktemp("osv") / "advisories.db"
    records = ((ecosystem, data) for ecosystem in ECOSYSTEMS for data in archive(ecosystem))
    build(records, path, meta=Meta(built_at="2026-01-01T00:00:00Z", source="shared"))
    with open_database(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def affected():
    """Every (record id, affected entry) by ecosystem and name, straight from the archives."""
    found = defaultdict(list)
    for ecosystem in ECOSYSTEMS:
        for record in map(json.loads, archive(ecosystem)):
            for entry in [] if record.get("withdrawn") else record["affected"]:
                name = entry["package"]["name"]
                found[ecosystem, canonicalize_name(name) if ecosystem == "PyPI" else name].append((record["id"], entry))
    return found


@cache
def comparable(ecosystem, text):
    """A value that Python orders as the ecosystem does, or None."""
    if ecosystem == "PyPI":
        try:
            return Version(text)
        except InvalidVersion:
            return None
    plain = re.sub(r"^(go|v|=)", "", text)
    plain = re.sub(r"^(\d+\.\d+)(\.\d+)?(beta|rc)(\d+)$", lambda m: f"{m[1]}{m[2] or '.0'}-{m[3]}.{m[4]}", plain)
    core, _, prerelease = plain.partition("+")[0].partition("-")
    numbers = core.split(".")
    if len(numbers) > 3 or not all(n.isdecimal() for n in numbers):
        return None
    identifiers = [(0, int(i), "") if i.isdecimal() else (1, 0, i) for i in prerelease.split(".")] if prerelease else []
    return [*map(int, numbers), 0, 0][:3], not prerelease, identifiers


def in_range(ecosystem, version, events):
    steps = []
    for event in events:
        ((name, text),) = event.items()
        at = comparable(ecosystem, text)
        if at is None:
            return False
        steps.append((at, name, text))
    vulnerable = False
    for at, name, text in sorted(steps, key=lambda step: (step[1:] != ("introduced", "0"), step[0])):
        if name == "introduced" and (text == "0" or version >= at):
            vulnerable = True
        elif (name == "fixed" and version >= at) or (name == "last_affected" and version > at):
            vulnerable = False
    return vulnerable


def is_vulnerable(ecosystem, text, entry):
    version = comparable(ecosystem, text)
    if any(version == comparable(ecosystem, listed) for listed in entry.get("versions", ())):
        return True
    ranges = [r for r in entry.get("ranges", ()) if r["type"] in ("SEMVER", "ECOSYSTEM")]
    return any(in_range(ecosystem, version, r["events"]) for r in ranges)


def by_database(advisories, ecosystem, name, versions):
    spans = advisories.lookup(ecosystem, [name]).get(name, {})
    ids = {number: record.id for number, record in advisories.records(spans).items()}
    key = order(ecosystem)
    return {version: {ids[number] for number in affecting(spans, version, key)[0]} for version in versions}


def interesting(ecosystem, entries):
    """The versions at which something changes, the ones beside them, and some that are listed."""
    found = {"0.0.1", "1.0.0", "999.0.0"}
    for _, entry in entries:
        for found_range in entry.get("ranges", ()):
            if found_range["type"] != "GIT":
                for event in found_range["events"]:
                    (text,) = event.values()
                    found |= (
                        {text, f"{text}.1", f"{text}-1"}
                        if ecosystem == "PyPI"
                        else {text, f"{text}-0.a", f"{text.partition('+')[0]}+b"}
                    )
        found.update(entry.get("versions", ())[:: max(1, len(entry.get("versions", ())) // PER_RECORD)])
    return sorted(version for version in found if comparable(ecosystem, version) is not None)


@pytest.mark.slow
def test_every_bound_of_every_advisory_is_judged_as_the_schema_says(advisories, affected):
    pairs = 0
    for (ecosystem, name), entries in affected.items():
        versions = interesting(ecosystem, entries)
        pairs += len(versions)
        expected = {
            version: {identifier for identifier, entry in entries if is_vulnerable(ecosystem, version, entry)}
            for version in versions
        }
        assert by_database(advisories, ecosystem, name, versions) == expected, (ecosystem, name)
    assert pairs > 50_000


def real_packages():
    for case in json.loads((DATA / "lockfiles/real/expected.json").read_bytes())["files"]:
        path = case["file"]
        if format_of(path):
            file = File(path, (DATA / "lockfiles/real" / path).read_bytes())
            entries = extractor(format_of(path))(file)
            yield from (entry for entry in entries if isinstance(entry, Package) and entry.ecosystem in ECOSYSTEMS)


def test_real_lockfiles_have_the_findings_that_the_schema_says(advisories, affected):
    packages = list(real_packages())
    expected = set()
    for package in packages:
        name = canonicalize_name(package.name) if package.ecosystem == "PyPI" else package.name
        for identifier, entry in affected.get((package.ecosystem, name), ()):
            if is_vulnerable(package.ecosystem, package.version, entry):
                expected.add((package.ecosystem, name, package.version, identifier, package.location))
    outcome = match(packages, advisories)
    found = set()
    for finding in outcome.findings:
        _, ecosystem, name, version, _ = finding.identity
        spans = advisories.lookup(ecosystem, [name])[name]
        records = advisories.records(spans)
        for number in affecting(spans, version, order(ecosystem))[0]:
            if records[number].canonical == finding.rule:
                found |= {(ecosystem, name, version, records[number].id, place) for place in finding.locations}
    assert len(packages) > 3000
    assert len(expected) > 130
    assert found == expected
    assert outcome.unordered == ()


def test_every_fix_is_outside_what_it_ends(advisories, affected):
    for finding in match(list(real_packages()), advisories).findings:
        _, ecosystem, name, _, _ = finding.identity
        if finding.remediation.upgrade_to:
            listed = {advisory.id for advisory in finding.advisories}
            entries = [entry for identifier, entry in affected[ecosystem, name] if identifier in listed]
            to = finding.remediation.upgrade_to
            assert not any(is_vulnerable(ecosystem, to, entry) for entry in entries), (finding.message, to)
