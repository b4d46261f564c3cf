"""Deno: `deno.lock`, formats 2 to 5. Packages of npm and of JSR; modules by address have no version to compare.

From format 4 on `npm` and `jsr` stand at the top, before under `packages`. Keys are `name@version` with the peers that were
chosen behind it (`@scope/a@1.0.0_react@18.2.0`); `specifiers` says what each import of the project became.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.deno import KINDS
from vallum_engine.sca.lockfiles.entry import Entry, broken, mapping
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Write the lockfile anew: remove it and run `deno install`."
_KEY = re.compile(r"((?:@[^/@]+/)?[^/@]+)@([^_]+)(?:_.*)?")
_ROOT = "project"


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    cursor = Cursor(file, TODO)
    for section, _ in cursor.members():
        if section == "packages":
            for inner, _ in cursor.members():
                yield from _section(file, cursor, inner)
        else:
            yield from _section(file, cursor, section)
    cursor.finish()


def _section(file: File, cursor: Cursor, section: str) -> Iterator[Entry]:
    if section == "npm" and cursor.mark == "{":
        yield from _packages(file, cursor, "npm")
    elif section == "jsr" and cursor.mark == "{":
        yield from _packages(file, cursor, "JSR")


def _packages(file: File, cursor: Cursor, ecosystem: str) -> Iterator[Entry]:
    for key, line in cursor.members():
        if key in {"specifiers", "packages"}:
            # Format 2 has `specifiers` and `packages` within `npm`.
            if key == "packages" and cursor.mark == "{":
                yield from _packages(file, cursor, ecosystem)
            continue
        found = _KEY.fullmatch(key)
        if not found:
            raise broken(line, f"the key {key!r} names no package with a version", TODO)
        location = Location(path=file.path, line=line, end_line=line)
        yield Package(ecosystem=ecosystem, name=found[1], version=found[2], location=location)


def graph(file: File) -> Graph:
    """Who asks for whom: by key, or by a name where there is one version of it alone."""
    data = Cursor(file, TODO).value()
    inner = mapping(data.get("packages"))
    names: dict[Key, tuple[str, str]] = {_ROOT: ("", "")}
    answers: dict[Key, list[Key]] = {}
    asked: dict[Key, list[str]] = {}
    for kind in KINDS:
        section = mapping(data.get(kind)) or mapping(inner.get(kind))
        for key, entry in (mapping(section.get("packages")) or section).items():
            if found := _KEY.fullmatch(key):
                names[kind, key] = (found[1], found[2])
                for form in (f"{kind}:{key}", f"{kind}:{found[1]}", f"{kind}:{found[1]}@{found[2]}"):
                    answers.setdefault(form, []).append((kind, key))
                asked[kind, key] = [_prefixed(kind, wanted) for wanted in _wanted(mapping(entry).get("dependencies"))]
    specifiers = mapping(data.get("specifiers")) or mapping(inner.get("specifiers"))
    became = {str(wanted): _became(str(wanted), version) for wanted, version in specifiers.items()}
    wants: dict[Key, list[Key]] = {key: [became.get(want, want) for want in own] for key, own in asked.items()}
    wants[_ROOT] = [became.get(want, want) for want in _projects(mapping(data.get("workspace")))]
    return Graph(names=names, wants=wants, answers=answers, roots=(_ROOT,), whole=bool(wants[_ROOT]))


def _prefixed(kind: str, wanted: str) -> str:
    return wanted if wanted.startswith(("npm:", "jsr:")) else f"{kind}:{wanted}"


def _became(wanted: str, version: object) -> str:
    """What a specifier was resolved to: format 4 gives the version, format 3 the whole key with its kind."""
    said = str(version)
    if said.startswith(("npm:", "jsr:")):
        return said
    cut = wanted.find("@", wanted.find(":") + 2)
    return f"{wanted[:cut] if cut > 0 else wanted}@{said}"


def _wanted(dependencies: object) -> Iterable[str]:
    if isinstance(dependencies, dict):
        return [str(value) for value in dependencies.values()]
    return [str(value) for value in dependencies] if isinstance(dependencies, list) else ()


def _projects(workspace: Mapping[str, Any]) -> Iterator[str]:
    members = [mapping(member) for member in mapping(workspace.get("members")).values()]
    for own in (workspace, *members):
        yield from _wanted(own.get("dependencies"))
        yield from _wanted(mapping(own.get("packageJson")).get("dependencies"))
