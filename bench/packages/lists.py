"""The database and the list of packages that are measured, made of OSV archives and of real lockfiles."""

import json
import random
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vallum_engine.model.distributions import family
from vallum_engine.model.file import File
from vallum_engine.model.package import Package
from vallum_engine.sca.advisories import Facts, Meta
from vallum_engine.sca.build import build
from vallum_engine.sca.lockfiles import TOGETHER, extractor, format_of
from vallum_engine.sca.versions import order

Entry = tuple[str, str, str]
"""Ecosystem, name, version."""


def records(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(path) as opened:
            for name in sorted(opened.namelist()):
                if name.endswith(".json"):
                    yield path.stem, json.loads(opened.read(name))


def database(folder: Path, path: Path, *, times: int) -> Facts:
    """Every record `times` times: the copies under other ids, about packages of other names."""
    meta = Meta(built_at="2026-01-01T00:00:00Z", source="benchmark")
    return build(_copied(folder, times), path, meta=meta)


def _copied(folder: Path, times: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for ecosystem, record in records(folder):
        yield ecosystem, record
        for number in range(1, times):
            affected = [
                {**entry, "package": {**entry["package"], "name": f"{entry['package']['name']}{number}"}}
                for entry in record.get("affected", ())
                if "package" in entry
            ]
            yield ecosystem, {**record, "id": f"{record['id']}-{number}", "aliases": [], "affected": affected}


def packages(folder: Path, lockfiles: Path, count: int) -> list[Entry]:
    """What real lockfiles hold, and packages that advisories name, each at the version that mended it last."""
    found = sorted(_locked(lockfiles))
    mended = sorted(_mended(folder).items())
    random.Random(1).shuffle(mended)
    found += [(ecosystem, name, version) for (ecosystem, name), version in mended[: count - len(found)]]
    random.Random(2).shuffle(found)
    return found[:count]


def _locked(folder: Path) -> set[Entry]:
    found: set[Entry] = set()
    for path in sorted(folder.rglob("*")):
        form = format_of(path.relative_to(folder).as_posix()) if path.is_file() else ""
        if form and form not in {*TOGETHER, "gosum"}:  # it lies beside a go.mod, as a scan would see
            for entry in extractor(form)(File(path.as_posix(), path.read_bytes())):
                if isinstance(entry, Package) and entry.version:
                    found.add((entry.ecosystem, entry.name, entry.version))
    return found


def _mended(folder: Path) -> dict[tuple[str, str], str]:
    last: dict[tuple[str, str], tuple[bytes, str]] = {}
    for ecosystem, record in records(folder):
        key = order(ecosystem)
        for entry in record.get("affected", ()):
            place = entry.get("package", {}).get("ecosystem", "")
            if family(place) != ecosystem:
                continue
            named = (place, entry["package"]["name"])
            events = [event for found in entry.get("ranges", ()) if found["type"] != "GIT" for event in found["events"]]
            for version in (event["fixed"] for event in events if "fixed" in event):
                at = key(version)
                if at is not None and at > last.get(named, (b"", ""))[0]:
                    last[named] = (at, version)
    return {named: version for named, (_, version) in last.items()}
