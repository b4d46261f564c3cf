""".NET's lists of libraries: `*.deps.json`, which lies beside what was built, and `obj/project.assets.json` of a restore.

https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md. Both have `libraries` (what
each is) and `targets` (who asks for whom). Left out: projects. The runtime that is packed with what was built counts.
"""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, mapping, string
from vallum_engine.sca.lockfiles.located_json import Cursor
from vallum_engine.values import made, mutable

TODO = "Build or restore the project again."
_LISTED = frozenset({"package", "runtimepack"})
_PROJECT = "project"


@mutable
class _Libraries:
    types: dict[str, tuple[str, int]] = made(factory=dict)
    """By `name/version`: the type, and the line."""
    asked: dict[str, set[str]] = made(factory=dict)
    """By `name/version`: the names that it asks for, in lower case."""
    direct: set[str] | None = None
    """The names that the project's file asks for; None where only the libraries say."""


def extract(file: File) -> Iterator[Entry]:
    """Yield every library that is a package. Raises BrokenData."""
    libraries = _read(file)
    direct = _direct(libraries)
    for key, (type_, line) in libraries.types.items():
        name, version = _named(key)
        if type_ in _LISTED and version:
            yield Package(
                ecosystem="NuGet",
                name=name,
                version=version,
                location=Location(path=file.path, line=line, end_line=line),
                direct=name.lower() in direct,
            )


def _named(key: str) -> tuple[str, str]:
    name, _, version = key.partition("/")
    return name.removeprefix("runtimepack."), version


def _direct(libraries: _Libraries) -> set[str]:
    if libraries.direct is not None:
        return libraries.direct
    return set().union(
        *(libraries.asked.get(key, ()) for key, (type_, _) in libraries.types.items() if type_ == _PROJECT)
    )


def _read(file: File) -> _Libraries:
    cursor = Cursor(file, TODO)
    libraries = _Libraries()
    found = False
    for key, _ in cursor.members():
        if key == "libraries":
            found = True
            for name, line in cursor.members():
                libraries.types[name] = (string(mapping(cursor.value()).get("type")), line)
        elif key == "targets":
            for _ in cursor.members():
                for name, _ in cursor.members():
                    asked = mapping(mapping(cursor.value()).get("dependencies"))
                    libraries.asked.setdefault(name, set()).update(map(_folded, asked))
        elif key == "projectFileDependencyGroups":
            libraries.direct = _groups(cursor.value())
    cursor.finish()
    if not found:
        raise broken(1, "no `libraries`, so not a list of .NET's libraries", TODO)
    return libraries


def _groups(value: object) -> set[str]:
    """`{"net8.0": ["Name >= 1.0.0"]}`."""
    wishes = [wish for group in mapping(value).values() if isinstance(group, list) for wish in group]
    return {_folded(wish.partition(" ")[0]) for wish in wishes if isinstance(wish, str)}


def _folded(name: str) -> str:
    return name.removeprefix("runtimepack.").lower()


def graph(file: File) -> Graph:
    """Who asks for whom, by name; of a name in several versions, any may answer."""
    libraries = _read(file)
    answers: dict[Key, list[Key]] = {}
    names: dict[Key, tuple[str, str]] = {}
    wants: dict[Key, list[str]] = {}
    for key, (type_, _) in libraries.types.items():
        name, version = _named(key)
        names[key] = (name, version if type_ in _LISTED else "")
        wants[key] = sorted(libraries.asked.get(key, ()))
        answers.setdefault(name.lower(), []).append(key)
    roots: list[Key] = [key for key, (type_, _) in libraries.types.items() if type_ == _PROJECT]
    if libraries.direct is not None:
        roots, names[_PROJECT], wants[_PROJECT] = [_PROJECT], ("", ""), sorted(libraries.direct)
    return Graph(names=names, wants=wants, answers=answers, roots=roots)
