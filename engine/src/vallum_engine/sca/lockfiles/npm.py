"""npm: `package-lock.json` and `npm-shrinkwrap.json`, versions 1, 2 and 3.

Versions 2 and 3 list what is installed where under `packages`; version 1 nests `dependencies`. Version 2 carries both,
and only `packages` is read then. Left out: the project itself, workspace members and links to them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Write the lockfile anew with `npm install --package-lock-only`."
_COMMIT = re.compile(r"#(?:commit=)?([0-9a-f]{40})\Z")
_FLAGS = (("inBundle", "bundled"), ("bundled", "bundled"), ("dev", "dev"), ("optional", "optional"))
_ASKED = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")


def extract(file: File) -> Iterator[Entry]:
    """Yield every installed package. Raises BrokenData."""
    cursor = Cursor(file, TODO)
    modern: list[Package] = []
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


def _packages(file: File, cursor: Cursor) -> list[Package]:
    found: list[Package] = []
    asked: frozenset[str] = frozenset()
    for place, line in cursor.members():
        entry = cursor.value()
        if not isinstance(entry, dict):
            raise broken(line, f"the entry {place!r} is not an object", TODO)
        if place == "":
            asked = frozenset(name for key in _ASKED for name in _mapping(entry.get(key)))
        _, installed, name = place.rpartition("node_modules/")
        if installed and name and not entry.get("link"):
            direct = place == f"node_modules/{name}" and name in asked
            found.append(_package(file, line, entry, name=str(entry.get("name") or name), direct=direct))
    return found


def _package(file: File, line: int, entry: Mapping[str, Any], *, name: str, direct: bool | None) -> Package:
    version, resolved = _text(entry.get("version")), _text(entry.get("resolved"))
    commit = _COMMIT.search(resolved) if resolved.startswith(("git", "ssh")) else None
    return Package(
        ecosystem="npm",
        name=name,
        version=version,
        location=Location(path=file.path, line=line, end_line=line),
        direct=direct,
        groups=_groups(entry),
        commit=commit[1] if commit else "",
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
    version = _text(entry.get("version"))
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


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
