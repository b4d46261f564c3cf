"""vcpkg's manifest, `vcpkg.json`: https://learn.microsoft.com/vcpkg/reference/vcpkg-json.

Versions come from a baseline in another repository; only what `overrides` pins has one here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "See `vcpkg format-manifest`."
_VERSIONS = ("version", "version-semver", "version-date", "version-string")

_Wish = tuple[str, int, tuple[str, ...]]
"""Name, line, groups."""


def extract(file: File) -> Iterator[Entry]:
    """Yield every package that is asked for, and every one that is pinned. Raises BrokenData."""
    cursor = Cursor(file, TODO)
    wishes: list[_Wish] = []
    pinned: dict[str, tuple[str, int]] = {}
    for key, _ in cursor.members():
        if key == "dependencies" and cursor.mark == "[":
            wishes += _wishes(cursor, ())
        elif key == "overrides" and cursor.mark == "[":
            pinned = dict(_overrides(cursor))
        elif key == "features" and cursor.mark == "{":
            wishes += _features(cursor)
    cursor.finish()
    for name, line, groups in wishes:
        yield _package(file, line, name, pinned[name][0] if name in pinned else "", direct=True, groups=groups)
    asked = {name for name, _, _ in wishes}
    for name, (version, line) in pinned.items():
        if name not in asked:
            yield _package(file, line, name, version, direct=False)


def _wishes(cursor: Cursor, groups: tuple[str, ...]) -> list[_Wish]:
    found: list[_Wish] = []
    for line in cursor.items():
        wish = cursor.value()
        own = wish if isinstance(wish, dict) else {"name": wish}
        if isinstance(own.get("name"), str):
            found.append((own["name"], line, ("build",) if own.get("host") is True else groups))
    return found


def _features(cursor: Cursor) -> Iterator[_Wish]:
    for _ in cursor.members():
        if cursor.mark == "{":
            for key, _ in cursor.members():
                if key == "dependencies" and cursor.mark == "[":
                    yield from _wishes(cursor, ("optional",))


def _overrides(cursor: Cursor) -> Iterator[tuple[str, tuple[str, int]]]:
    for line in cursor.items():
        own = cursor.value()
        if isinstance(own, dict) and isinstance(own.get("name"), str) and (version := _version(own)):
            yield own["name"], (version, line)


def _version(own: Mapping[str, Any]) -> str:
    return next((own[key].partition("#")[0] for key in _VERSIONS if isinstance(own.get(key), str)), "")


def _package(file: File, line: int, name: str, version: str, *, direct: bool, groups: tuple[str, ...] = ()) -> Package:
    return Package(
        ecosystem="vcpkg",
        name=name,
        version=version,
        location=Location(path=file.path, line=line, end_line=line),
        direct=direct,
        groups=groups,
    )
