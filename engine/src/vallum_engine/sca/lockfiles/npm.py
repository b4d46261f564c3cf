"""npm: `package-lock.json` and `npm-shrinkwrap.json`, versions 1, 2 and 3.

Versions 2 and 3 list what is installed where under `packages`; version 1 nests `dependencies`. Version 2 carries both,
and only `packages` is read then. Left out: the project itself, workspace members and links to them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key, rootless
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Hashes, Member, broken, licence_of, mapping, string
from vallum_engine.sca.lockfiles.integrity import of_sri
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Write the lockfile anew with `npm install --package-lock-only`."
_COMMIT = re.compile(r"#(?:commit=)?([0-9a-f]{40})\Z")
_FLAGS = (("inBundle", "bundled"), ("bundled", "bundled"), ("dev", "dev"), ("optional", "optional"))
_DEV = "devDependencies"
_ASKED = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")

MOST_PLACE = 500
MOST_FOLDERS = 30
"""Longer places and folders deeper within each other than npm makes them: no way leads from there."""


def extract(file: File) -> Iterator[Entry]:
    """Yield every installed package. Raises BrokenData."""
    cursor = Cursor(file, TODO)
    modern: list[Entry] = []
    legacy: list[Package] = []
    has_packages = False
    for key, _ in cursor.members():
        if key == "packages":
            has_packages = True
            modern = _packages(file, cursor)
        elif key == "dependencies" and not has_packages:
            legacy = _dependencies(file, cursor)
    cursor.finish()
    yield from modern if has_packages else legacy


def _packages(file: File, cursor: Cursor) -> list[Entry]:
    found: list[Entry] = []
    asked: frozenset[str] = frozenset()
    for place, line in cursor.members():
        entry = cursor.value()
        if not isinstance(entry, dict):
            raise broken(line, f"the entry {place!r} is not an object", TODO)
        if place == "":
            asked = frozenset(name for key in _ASKED for name in mapping(entry.get(key)))
        _, installed, name = place.rpartition("node_modules/")
        if installed and name and not entry.get("link"):
            direct = place == f"node_modules/{name}" and name in asked
            found.append(_package(file, line, entry, name=str(entry.get("name") or name), direct=direct))
        elif not installed and place:
            found.append(Member(folder=place))
    return found


def _package(file: File, line: int, entry: Mapping[str, Any], *, name: str, direct: bool | None) -> Package:
    version, resolved = string(entry.get("version")), string(entry.get("resolved"))
    commit = _COMMIT.search(resolved) if resolved.startswith(("git", "ssh")) else None
    return Package(
        ecosystem="npm",
        name=name,
        version=version,
        location=Location(path=file.path, line=line, end_line=line),
        direct=direct,
        groups=_groups(entry),
        commit=commit[1] if commit else "",
        licence=licence_of(entry.get("license") or entry.get("licenses")),
    )


def _groups(entry: Mapping[str, Any]) -> tuple[str, ...]:
    groups = {group for flag, group in _FLAGS if entry.get(flag) is True}
    if entry.get("devOptional") is True:
        groups |= {"dev", "optional"}
    return tuple(sorted(groups))


def _dependencies(file: File, cursor: Cursor) -> list[Package]:
    """Version 1: the object's members are packages, each with its own nested `dependencies`."""
    found: list[Package] = []
    for name, line in cursor.members():
        entry: dict[str, Any] = {}
        nested: list[Package] = []
        for key, _ in cursor.members():
            if key == "dependencies":
                nested = _dependencies(file, cursor)
            else:
                entry[key] = cursor.value()
        found += [_legacy(file, line, entry, name), *nested]
    return found


def _legacy(file: File, line: int, entry: Mapping[str, Any], name: str) -> Package:
    version = string(entry.get("version"))
    commit = _COMMIT.search(version)
    if version.startswith("npm:"):
        name, _, version = version.removeprefix("npm:").rpartition("@")
    elif "/" in version or ":" in version:
        version = ""
    return Package(
        ecosystem="npm",
        name=name,
        version=version,
        location=Location(path=file.path, line=line, end_line=line),
        groups=_groups(entry),
        commit=commit[1] if commit else "",
    )


def graph(file: File) -> Graph:
    """Who asks for whom. A name is looked for as Node does: beneath who asks, then beneath each folder above it."""
    data = Cursor(file, TODO).value()
    places = data.get("packages")
    if isinstance(places, dict):
        return _of_places({place: entry for place, entry in places.items() if isinstance(entry, dict)}, data)
    installed = dict(_nested(mapping(data.get("dependencies")), ""))
    names: dict[Key, tuple[str, str]] = {}
    for place, entry in installed.items():
        package = _legacy(file, 1, entry, place.rpartition("node_modules/")[2])
        names[place] = (package.name, package.version)
    wants: dict[Key, list[Key]] = {p: _found(installed, p, mapping(e.get("requires"))) for p, e in installed.items()}
    return rootless(names, wants, {}, project=string(data.get("name")))


def _of_places(places: Mapping[str, Mapping[str, Any]], data: Mapping[str, Any]) -> Graph:
    names: dict[Key, tuple[str, str]] = {}
    for place, entry in places.items():
        _, installed, name = place.rpartition("node_modules/")
        if not installed:
            names[place] = (string(entry.get("name")) or place or string(data.get("name")), "")
        elif not entry.get("link"):
            names[place] = (str(entry.get("name") or name), string(entry.get("version")))
    roots = [place for place in places if "node_modules/" not in place]
    return Graph(
        names=names,
        wants={
            place: _found(places, place, [name for key in _ASKED if key != _DEV for name in mapping(entry.get(key))])
            for place, entry in places.items()
        },
        roots=roots,
        dev={place: _found(places, place, mapping(places[place].get(_DEV))) for place in roots},
    )


def hashes(file: File) -> Hashes:
    """Of what the registry serves for each entry."""
    data = mapping(Cursor(file, TODO).value())
    places = data.get("packages")
    if not isinstance(places, dict):
        places = dict(_nested(mapping(data.get("dependencies")), ""))
    found: Hashes = {}
    for place, entry in places.items():
        if isinstance(entry, dict) and (digests := tuple(of_sri(entry.get("integrity")))):
            name = str(entry.get("name") or place.rpartition("node_modules/")[2])
            found[name, string(entry.get("version"))] = digests
    return found


def _nested(entries: Mapping[str, Any], above: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Version 1 by the places of the later ones."""
    for name, entry in entries.items():
        place = f"{above}node_modules/{name}"
        if isinstance(entry, dict) and len(place) <= MOST_PLACE:
            yield place, entry
            yield from _nested(mapping(entry.get("dependencies")), f"{place}/")


def _found(places: Mapping[str, Any], place: str, names: Iterable[str]) -> list[Key]:
    folders = list(islice(_above(place), MOST_FOLDERS)) if len(place) <= MOST_PLACE else []
    found: list[Key] = []
    for name in names:
        candidates = (f"{folder}node_modules/{name}" for folder in folders)
        found += [next((candidate for candidate in candidates if candidate in places), "")]
    return [place for place in found if place]


def _above(place: str) -> Iterator[str]:
    while place:
        yield f"{place}/"
        place = place.rpartition("node_modules/")[0].rstrip("/")
    yield ""
