"""vcpkg's manifest, `vcpkg.json`: https://learn.microsoft.com/vcpkg/reference/vcpkg-json.

Versions come from a baseline in another repository; only what `overrides` pins has one here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, string
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "See `vcpkg format-manifest`."
_VERSIONS = ("version", "version-semver", "version-date", "version-string")

_Wish = tuple[str, int, tuple[str, ...], str]
"""Name, line, groups, and the lowest version that is asked for."""


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
    for wish in wishes:
        yield _asked(file, wish, pinned[wish[0]][0] if wish[0] in pinned else "")
    asked = {name for name, *_ in wishes}
    for name, (version, line) in pinned.items():
        if name not in asked:
            location = Location(path=file.path, line=line, end_line=line)
            yield Package(ecosystem="vcpkg", name=name, version=version, location=location, direct=False)


def _wishes(cursor: Cursor, groups: tuple[str, ...]) -> list[_Wish]:
    found: list[_Wish] = []
    for line in cursor.items():
        wish = cursor.value()
        own = wish if isinstance(wish, dict) else {"name": wish}
        if isinstance(own.get("name"), str):
            lowest = string(own.get("version>=")).partition("#")[0]
            found.append((own["name"], line, ("build",) if own.get("host") is True else groups, lowest))
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


def _asked(file: File, wish: _Wish, version: str) -> Package:
    name, line, groups, lowest = wish
    return Package(
        ecosystem="vcpkg",
        name=name,
        version=version,
        location=Location(path=file.path, line=line, end_line=line),
        direct=True,
        groups=groups,
        requested=f">={lowest}" if lowest else "*",
    )
