"""Bun: `bun.lock`, JSON with comments and commas too many. Members of the workspace and folders are left out.

An entry of `packages` is a list that begins with `name@version` or `name@address`; its key is the place where it is
installed, one name below the other. Where others of the list stand depends on the kind: the one object is what it asks for.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Member, broken, mapping
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Write the lockfile anew with `bun install --lockfile-only`."
_LOCAL = ("workspace:", "file:", "link:", "root:")
_COMMIT = re.compile(r"#([0-9a-f]{40})\Z")
_RUN = ("dependencies", "optionalDependencies", "peerDependencies")
_NAME = re.compile(r"(?:@[^/]*/)?[^/]+")
_PROJECT = "project"

MOST_PLACE = 500
MOST_ABOVE = 30
"""Longer places are nobody's, and so are those further within each other: no way leads from there."""


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package, and the folders of the workspace. Raises BrokenData."""
    cursor = Cursor(file, TODO, relaxed=True)
    for section, _ in cursor.members():
        if section == "workspaces":
            for folder, _ in cursor.members():
                if folder:
                    yield Member(folder=folder)
        elif section == "packages":
            yield from _packages(file, cursor)
    cursor.finish()


def _packages(file: File, cursor: Cursor) -> Iterator[Entry]:
    for place, line in cursor.members():
        entry = cursor.value()
        if not isinstance(entry, list) or not entry or not isinstance(entry[0], str):
            raise broken(line, f"the entry {place!r} is no list that begins with a name", TODO)
        name, version, commit = _named(entry[0])
        if name:
            yield Package(
                ecosystem="npm",
                name=name,
                version=version,
                location=Location(path=file.path, line=line, end_line=line),
                commit=commit,
            )


def _named(resolution: str) -> tuple[str, str, str]:
    """Name, version and commit; no name for what is the project's own, no version for what is from elsewhere."""
    cut = resolution.find("@", 1)
    name, rest = resolution[:cut], resolution[cut + 1 :]
    if cut < 1 or not rest or rest.startswith(_LOCAL):
        return "", "", ""
    if ":" in rest or "/" in rest:
        found = _COMMIT.search(rest)
        return name, "", found[1] if found else ""
    return name, rest, ""


def graph(file: File) -> Graph:
    """Who asks for whom. A name is looked for beneath who asks, then beneath each place above it."""
    data = Cursor(file, TODO, relaxed=True).value()
    packages = {
        place: entry for place, entry in mapping(data.get("packages")).items() if isinstance(entry, list) and entry
    }
    names: dict[Key, tuple[str, str]] = {}
    folders: dict[str, str] = {}
    for place, entry in packages.items():
        name, version, _ = _named(str(entry[0]))
        _, _, folder = str(entry[0]).partition("@workspace:")
        if folder:
            folders[place] = folder
        elif name:
            names[place] = (name, version)
    roots = {(_PROJECT, folder): mapping(own) for folder, own in mapping(data.get("workspaces")).items()}
    for key, own in roots.items():
        names[key] = (str(own.get("name") or key[1]), "")
    places = _Places(packages, folders)
    wants: dict[Key, list[Key]] = {
        place: places.found(place, _asked(next((part for part in entry[1:] if isinstance(part, dict)), {}), _RUN))
        for place, entry in packages.items()
    }
    for key, own in roots.items():
        wants[key] = places.found(str(own.get("name", "")), _asked(own, _RUN[:2]))
    return Graph(
        names=names,
        wants=wants,
        roots=list(roots),
        dev={
            key: places.found(str(own.get("name", "")), _asked(own, ("devDependencies",))) for key, own in roots.items()
        },
    )


class _Places:
    """Where entries lie. A member of the workspace is a place too, and stands for its project."""

    def __init__(self, packages: Mapping[str, object], folders: Mapping[str, str]) -> None:
        self._packages = packages
        self._folders = folders

    def found(self, place: str, wanted: list[str]) -> list[Key]:
        if len(place) > MOST_PLACE:
            return []
        parts = _NAME.findall(place)
        above = [*["/".join(parts[:length]) + "/" for length in range(len(parts), 0, -1)][:MOST_ABOVE], ""]
        candidates = (next((at + name for at in above if at + name in self._packages), "") for name in wanted)
        return [(_PROJECT, self._folders[at]) if at in self._folders else at for at in candidates if at]


def _asked(entry: Mapping[str, Any], sections: tuple[str, ...]) -> list[str]:
    return [name for section in sections for name in mapping(entry.get(section))]
