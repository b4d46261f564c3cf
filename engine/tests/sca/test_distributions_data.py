"""Real advisories of Debian and AlmaLinux beside a straightforward reading of their records, and packages of a real system.

The reading below knows nothing of keys and spans: it walks the JSON, and compares versions as Debian's policy and rpm's
manual say it in words.
"""

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections import defaultdict
from functools import cmp_to_key
from itertools import zip_longest
from pathlib import Path

import pytest

from vallum_engine.model.distributions import family
from vallum_engine.model.file import File
from vallum_engine.sca import lookup
from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build
from vallum_engine.sca.lockfiles import dpkg
from vallum_engine.sca.match import affecting
from vallum_engine.sca.versions import order

DATA = Path(os.environ.get("VALLUM_TEST_DATA") or Path(__file__).parents[4] / "shared/data")
PER_PACKAGE = 25

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared")


def records(name):
    with zipfile.ZipFile(DATA / f"osv/{name}.zip") as opened:
        return [json.loads(opened.read(each)) for each in sorted(opened.namelist()) if each.endswith(".json")]


def deb(a, b):
    """Epoch, upstream version and revision; letters before others, a tilde before the end, numbers by value."""

    def parts(text):
        epoch, colon, rest = text.partition(":")
        epoch, rest = (epoch, rest) if colon else ("0", text)
        upstream, dash, revision = rest.rpartition("-")
        return (epoch, upstream, revision) if dash else (epoch, rest, "0")

    def weight(char):
        return -1 if char == "~" else 0 if char is None else ord(char) if char.isalpha() else ord(char) + 256

    def compare(x, y):
        for u, v in zip_longest(re.findall(r"(\D*)(\d*)", x), re.findall(r"(\D*)(\d*)", y), fillvalue=("", "")):
            for c, d in zip_longest(u[0], v[0]):
                if weight(c) != weight(d):
                    return -1 if weight(c) < weight(d) else 1
            if int(u[1] or 0) != int(v[1] or 0):
                return -1 if int(u[1] or 0) < int(v[1] or 0) else 1
        return 0

    return next((result for x, y in zip(parts(a), parts(b), strict=True) if (result := compare(x, y))), 0)


def rpm(a, b):
    """Epoch, version and release; runs of digits or letters, a number newer than a word, a tilde older than the end."""

    def parts(text):
        epoch, colon, rest = text.partition(":")
        epoch, rest = (epoch, rest) if colon else ("0", text)
        version, _, release = rest.rpartition("-")
        return epoch, version, release

    def segment(u, v):
        if u == v:
            return 0
        for one, other, sign in ((u, v, -1), (v, u, 1)):
            if one in ("~", "^"):
                return sign if one == "~" or other is not None else -sign
        if u is None or v is None:
            return -1 if u is None else 1
        if u.isdigit() and v.isdigit():
            return (int(u) > int(v)) - (int(u) < int(v))
        return u.isdigit() - v.isdigit() or (u > v) - (u < v)

    def compare(x, y):
        pieces = (re.findall(r"\d+|[A-Za-z]+|~|\^", text) for text in (x, y))
        return next((result for u, v in zip_longest(*pieces) if (result := segment(u, v))), 0)

    return next((result for x, y in zip(parts(a), parts(b), strict=True) if (result := compare(x, y))), 0)


@pytest.mark.slow
@needs_data
@pytest.mark.parametrize(("name", "compare", "least"), [("Debian", deb, 4_500), ("AlmaLinux", rpm, 36_000)])
def test_matching_is_what_the_records_say(tmp_path, name, compare, least):
    """By release, package and (of AlmaLinux) module stream, at every fixed version of the package and just beside it."""
    fixed = defaultdict(lambda: defaultdict(list))
    for record in records(name):
        for entry in record["affected"]:
            (events,) = (each["events"] for each in entry["ranges"])
            (end,) = (event["fixed"] for event in events if "fixed" in event)
            stream = re.search(r": (\S+:\S+) ", record["summary"]) if ".module" in end else None
            key = f"{stream[1]}/{entry['package']['name']}" if stream else entry["package"]["name"]
            fixed[entry["package"]["ecosystem"], key][record["id"]].append(end)
    path = tmp_path / "advisories.sqlite"
    build(
        ((name, record) for record in records(name)), path, meta=Meta(built_at="2026-01-01T00:00:00Z", source="0" * 16)
    )
    key, pairs = order(name), 0
    with open_database(path) as opened:
        for (place, package), own in sorted(fixed.items()):
            (spans,) = opened.lookup(place, [package]).values()
            ids = {number: each.id for number, each in opened.records(spans).items()}
            versions = sorted({end for ends in own.values() for end in ends}, key=cmp_to_key(compare))[-PER_PACKAGE:]
            for version in [each for end in versions for each in (end, f"{end}~0")]:
                expected = {i for i, ends in own.items() if any(compare(version, end) < 0 for end in ends)}
                held, ordered = affecting(spans, version, key)
                assert ordered
                assert {ids[number] for number in held} == expected, (place, package, version)
                pairs += 1
    assert pairs >= least


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("dpkg-query") and Path("/var/lib/dpkg/status").is_file()), reason="no dpkg here")
def test_the_packages_of_this_system_are_those_that_dpkg_lists():
    form = "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n"
    told = subprocess.run(["dpkg-query", "-W", "-f", form], check=True, capture_output=True, text=True).stdout
    rows = [line.split("\t") for line in told.splitlines()]
    theirs = {tuple(row[1:]) for row in rows if row[0] not in {"config-files", "not-installed"}}
    found = list(dpkg.extract(File("var/lib/dpkg/status", Path("/var/lib/dpkg/status").read_bytes())))
    ours = {(p.name, p.version, p.arch, p.source or p.name, p.source_version or p.version) for p in found}
    assert ours == theirs
    assert {lookup.named(p) for p in found if family(p.ecosystem) == "Debian"} == {row[3:] for row in theirs}
