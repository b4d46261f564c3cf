"""Composer: `composer.lock`, and `vendor/composer/installed.json`, which says what is installed.

https://getcomposer.org/doc/01-basic-usage.md. Both list packages as the registry describes them, development's apart.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.asked import by_name
from vallum_engine.sca.lockfiles.entry import Asking, Entry, broken, licence_of, mapping, string
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Write the lockfile anew with `composer update --lock`."
_COMMIT = re.compile(r"[0-9a-f]{40}")


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. What no other package asks for, the project must. Raises BrokenData."""
    entries = list(_entries(file))
    asked = {name.lower() for entry, _, _ in entries for name in mapping(entry.get("require"))}
    for entry, line, dev in entries:
        yield Package(
            ecosystem="Packagist",
            name=string(entry.get("name")),
            version=string(entry.get("version")),
            location=Location(path=file.path, line=line, end_line=line),
            direct=None if any(name in asked for name in _known_as(entry)) else True,
            groups=("dev",) if dev else (),
            commit=_commit(entry),
            licence=licence_of(entry.get("license")),
        )


def _entries(file: File) -> Iterator[tuple[dict[str, Any], int, bool]]:
    """Each package that has a name, the line of the name, and whether it is for development."""
    cursor = Cursor(file, TODO)
    if cursor.mark == "[":  # Composer 1 wrote what is installed as a bare list.
        yield from ((entry, line, False) for entry, line in _list(cursor))
        cursor.finish()
        return
    found: list[tuple[dict[str, Any], int, bool]] = []
    dev: set[str] = set()
    for key, _ in cursor.members():
        if key in ("packages", "packages-dev") and cursor.mark != "n":
            found += [(entry, line, key == "packages-dev") for entry, line in _list(cursor)]
        elif key == "dev-package-names":
            names = cursor.value()
            dev = {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()
    cursor.finish()
    yield from ((entry, line, apart or entry["name"] in dev) for entry, line, apart in found)


def required(file: File) -> Iterator[Mapping[str, Any]]:
    """Each locked package as the registry describes it, with what it requires. Raises BrokenData."""
    return (entry for entry, _, _ in _entries(file))


def _list(cursor: Cursor) -> Iterator[tuple[dict[str, Any], int]]:
    for at in cursor.items():
        if cursor.mark != "{":
            raise broken(at, "a package that is no object", TODO)
        entry: dict[str, Any] = {}
        line = at
        for key, place in cursor.members():
            entry[key] = cursor.value()
            line = place if key == "name" else line
        if isinstance(entry.get("name"), str):
            yield entry, line


def _commit(entry: Mapping[str, Any]) -> str:
    """Where the sources are from Git; Drupal writes the version there."""
    for kind in ("source", "dist"):
        reference = string(mapping(entry.get(kind)).get("reference"))
        if _COMMIT.fullmatch(reference):
            return reference
    return ""


def graph(file: File, asking: Sequence[Asking] = ()) -> Graph:
    """Who asks for whom, by name; a package may stand for others. The file leaves the project out, `composer.json` is it."""
    names: dict[Key, tuple[str, str]] = {}
    wants: dict[Key, list[str]] = {}
    answers: dict[Key, list[Key]] = {}
    for number, (entry, _, _) in enumerate(_entries(file)):
        names[number] = (entry["name"], string(entry.get("version")))
        wants[number] = [name.lower() for name in mapping(entry.get("require"))]
        for name in _known_as(entry):
            answers.setdefault(name, []).append(number)
    return by_name(names, wants, answers, asking, fold=str.lower)


def _known_as(entry: Mapping[str, Any]) -> set[str]:
    """The package's name and those that it stands for."""
    names = (entry["name"], *mapping(entry.get("replace")), *mapping(entry.get("provide")))
    return {name.lower() for name in names}
