"""Matching through the database beside a straightforward evaluator of the OSV schema's algorithm, on real data.

The evaluator below knows nothing of keys, spans or SQLite: it walks the JSON of every record, and compares versions step by
step, as each ecosystem's documents word it (`plainly.py`).
"""

import json
import os
import zipfile
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from sca import plainly

from vallum_engine.model.distributions import family
from vallum_engine.model.file import File
from vallum_engine.model.package import Package
from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build
from vallum_engine.sca.lockfiles import extractor, format_of
from vallum_engine.sca.match import affecting, match
from vallum_engine.sca.versions import order

DATA = Path(os.environ.get("VALLUM_TEST_DATA") or Path(__file__).parents[4] / "shared/data")
ECOSYSTEMS = tuple(plainly.COMPARABLE)
NEAR = {
    "AlmaLinux": (".1", "~1", "^1"),
    "Alpine": ("_p1", "_rc1", "-r99"),
    "Debian": ("~1", "+1", ".1"),
    "Hackage": (".0", ".1"),
    "Maven": (".1", "-SNAPSHOT", "-1", "-alpha"),
    "NuGet": (".1", "-rc1"),
    "Packagist": ("-beta1", "-p1", "-dev"),
    "PyPI": (".1", "-1"),
    "RubyGems": (".1", ".rc1", ".0"),
}
"""What makes of a version another one that is near it; semantic versions have `-0.a` and `+b`."""
PER_PACKAGE = int(os.environ.get("VALLUM_PAIRS") or 6)
"""Versions of one package that are judged: 71 thousand pairs in all; at 30, 158 thousand."""
PER_RECORD = PER_PACKAGE // 2
CASELESS = {"NuGet", "Packagist"}

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
                place = entry.get("package", {}).get("ecosystem", "")
                if family(place) == ecosystem and not of_module(entry):
                    found[place, plain_name(place, entry["package"]["name"])].append((record["id"], entry))
    return found


def plain_name(ecosystem, name):
    return canonicalize_name(name) if ecosystem == "PyPI" else name.lower() if ecosystem in CASELESS else name


def of_module(entry):
    """Of a module of AlmaLinux: its streams are packages of their own, which is tested beside the systems."""
    return any(
        ".module" in text for found in entry.get("ranges", ()) for event in found["events"] for text in event.values()
    )


@cache
def comparable(ecosystem, text):
    return plainly.comparable(ecosystem, text)


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
    if any(version == comparable(ecosystem, listed) for listed in entry.get("versions") or ()):
        return True
    ranges = [r for r in entry.get("ranges", ()) if r["type"] in ("SEMVER", "ECOSYSTEM")]
    return any(in_range(ecosystem, version, r["events"]) for r in ranges)


def by_database(advisories, ecosystem, name, versions):
    """By the database's own comparison; that of the spans, for what no order reads, says the same."""
    key = order(ecosystem)
    wanted = [(name, key(version)) for version in versions]
    assert None not in {at for _, at in wanted}, (ecosystem, versions)
    held = advisories.holding(ecosystem, wanted)
    spans = advisories.lookup(ecosystem, [name]).get(name, {})
    for version, numbers in zip(versions, held, strict=True):
        assert sorted(affecting(spans, version, key)[0]) == numbers, (ecosystem, name, version)
    ids = {number: record.id for number, record in advisories.records(spans).items()}
    return {version: {ids[number] for number in numbers} for version, numbers in zip(versions, held, strict=True)}


def interesting(ecosystem, entries):
    """The versions at which something changes, the ones beside them, and some that are listed."""
    found = {"0.0.1", "1.0.0", "999.0.0"}
    near = NEAR.get(family(ecosystem))
    for _, entry in entries:
        for found_range in entry.get("ranges", ()):
            if found_range["type"] != "GIT":
                for event in found_range["events"]:
                    (text,) = event.values()
                    found |= {text, f"{text}-0.a", f"{text.partition('+')[0]}+b"} if near is None else {text}
                    found |= {text + more for more in near or ()}
        listed = entry.get("versions") or ()
        found.update(listed[:: max(1, len(listed) // PER_RECORD)])
    readable = (version for version in found if order(ecosystem)(version) is not None)
    sorted_ = sorted(version for version in readable if comparable(ecosystem, version) is not None)
    return sorted_[:: max(1, len(sorted_) // PER_PACKAGE)]


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
    print(f"{pairs:,} pairs")  # noqa: T201 - shown by -s


def test_what_is_beyond_all_spans_of_a_package_is_held_by_none(advisories, affected):
    checked = 0
    for ecosystem in sorted({ecosystem for ecosystem, _ in affected}):
        names = {name for place, name in affected if place == ecosystem}
        known = advisories.known(ecosystem, names)
        spans = advisories.lookup(ecosystem, names)
        assert known.keys() == spans.keys()
        for name, beyond in known.items():
            of_all = [span for own in spans[name].values() for span in own]
            if beyond is None:
                assert any(span.high is None for span in of_all), (ecosystem, name)
                continue
            assert not any(span.holds(beyond) for span in of_all), (ecosystem, name)
            last = max(span.high for span in of_all)
            assert beyond in (last, last + b"\0"), (ecosystem, name)
            assert (beyond == last) or any(span.holds(last) for span in of_all), (ecosystem, name)
            checked += 1
    assert checked > 5_000


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
        name = plain_name(package.ecosystem, package.name)
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
