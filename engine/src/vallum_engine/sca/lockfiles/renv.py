"""R: `renv.lock`. Packages of CRAN and its mirrors, and of Bioconductor; from elsewhere they have a commit and no version."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key, rootless
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, licence_of
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Write the lockfile anew with `renv::snapshot()`."
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9.]*")
_NEEDS = ("Requirements", "Depends", "Imports", "LinkingTo")


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    cursor = Cursor(file, TODO)
    for key, _ in cursor.members():
        for name, line in cursor.members() if key == "Packages" else ():
            entry = cursor.value()
            if not isinstance(entry, dict):
                raise broken(line, f"the entry {name!r} is not an object", TODO)
            yield _package(file, line, name, entry)
    cursor.finish()


def _package(file: File, line: int, key: str, entry: Mapping[str, Any]) -> Package:
    source, sha = entry.get("Source"), entry.get("RemoteSha")
    published = source in {"Repository", "CRAN", "Bioconductor"}
    return Package(
        ecosystem="Bioconductor" if source == "Bioconductor" else "CRAN",
        name=str(entry.get("Package", key)),
        version=str(entry.get("Version", "")) if published else "",
        location=Location(path=file.path, line=line, end_line=line),
        commit=sha if isinstance(sha, str) and not published else "",
        licence=licence_of(entry.get("License")),
    )


def graph(file: File) -> Graph:
    """Who asks for whom, by name, as far as the lockfile says what its packages need."""
    found = Cursor(file, TODO).value().get("Packages")
    entries = (
        {name: entry for name, entry in found.items() if isinstance(entry, dict)} if isinstance(found, dict) else {}
    )
    names: dict[Key, tuple[str, str]] = {}
    for key, entry in entries.items():
        package = _package(file, 1, key, entry)
        names[key] = (package.name, package.version)
    wants: dict[Key, list[str]] = {
        key: [name for field in _NEEDS for name in _named(entry.get(field))] for key, entry in entries.items()
    }
    return rootless(names, wants, {}) if any(wants.values()) else Graph(names=names, wants={}, roots=(), whole=False)


def _named(value: object) -> Iterable[str]:
    """Names in a list, each with a range behind it or not."""
    for item in value if isinstance(value, list) else ():
        if found := _NAME.match(str(item)):
            yield found[0]
