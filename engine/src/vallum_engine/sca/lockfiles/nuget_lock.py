"""NuGet: `packages.lock.json`. Packages are listed for each framework that the project is built for.

https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies. Left out:
other projects of the solution, which say who asks.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Hashes, broken, string
from vallum_engine.sca.lockfiles.integrity import of_base64
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Write the lockfile anew with `dotnet restore --force-evaluate`."
_PROJECT = "project"
_Found = tuple[str, str, int, Mapping[str, Any]]
"""Framework, name, line and what is said of it."""


def extract(file: File) -> Iterator[Entry]:
    """Yield every package once for each version. Raises BrokenData."""
    found: dict[tuple[str, str], _Found] = {}
    direct: set[tuple[str, str]] = set()
    for each in _entries(file):
        _, name, _, entry = each
        if _type(entry) == "project":
            continue
        key = (name.lower(), string(entry.get("resolved")))
        found.setdefault(key, each)
        if _type(entry) == "direct":
            direct.add(key)
    for key, (_, name, line, _) in found.items():
        yield Package(
            ecosystem="NuGet",
            name=name,
            version=key[1],
            location=Location(path=file.path, line=line, end_line=line),
            direct=key in direct,
        )


def _entries(file: File) -> Iterator[_Found]:
    cursor = Cursor(file, TODO)
    for key, _ in cursor.members():
        if key != "dependencies":
            continue
        for framework, _ in cursor.members():
            for name, line in cursor.members():
                entry = cursor.value()
                if not isinstance(entry, dict):
                    raise broken(line, f"the entry {name!r} is not an object", TODO)
                yield framework, name, line, entry
    cursor.finish()


def resolved(file: File) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The name of each package and what is said of it, once for each framework. Raises BrokenData."""
    return ((name, entry) for _, name, _, entry in _entries(file) if _type(entry) != "project")


def graph(file: File) -> Graph:
    """Who asks for whom within each framework. Names are the same in any case."""
    names: dict[Key, tuple[str, str]] = {_PROJECT: ("", "")}
    wants: dict[Key, list[Key]] = {_PROJECT: []}
    for framework, name, _, entry in _entries(file):
        key = (framework, name.lower())
        names[key] = (name, string(entry.get("resolved")))
        asked = entry.get("dependencies")
        wants[key] = [(framework, want.lower()) for want in asked] if isinstance(asked, dict) else []
        if _type(entry) in ("direct", "project"):
            wants[_PROJECT].append(key)
    return Graph(names=names, wants=wants, roots=[_PROJECT])


def _type(entry: Mapping[str, Any]) -> str:
    return string(entry.get("type")).lower()


def hashes(file: File) -> Hashes:
    """Of the archive that the registry serves for each entry."""
    return {
        (name, string(entry.get("resolved"))): found
        for _, name, _, entry in _entries(file)
        if (found := tuple(of_base64("sha512", string(entry.get("contentHash")))))
    }
