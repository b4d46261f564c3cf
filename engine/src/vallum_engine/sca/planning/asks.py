"""Who asks for a package in a lockfile, and with which range, for the formats that say so.

Only formats that keep ranges stand here: of the others (`Cargo.lock`, `pnpm-lock.yaml`, `uv.lock`, `Pipfile.lock`) nobody can
tell from the file alone whether a parent lets another version in.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.naming import normalised
from vallum_engine.sca.lockfiles import bun, composer, gemfile, npm, nuget_lock, pdm, poetry, yarn
from vallum_engine.sca.lockfiles.entry import mapping, string, text_of
from vallum_engine.sca.lockfiles.located_json import Cursor
from vallum_engine.sca.lockfiles.located_toml import document, strings, tables
from vallum_engine.sca.lockfiles.pep508 import requirement
from vallum_engine.values import immutable

_RUN = ("dependencies", "optionalDependencies", "peerDependencies")
_GEM = re.compile(r"    ([^\s()]+) \(([^()\s]+)\)")
_WANT = re.compile(r"      ([^\s()!]+)(?: \(([^()]*)\))?!?")


@immutable(kw_only=False)
class Ask:
    """An entry that asks for a name. Without a version it is a project."""

    by: str
    version: str
    name: str
    """In its normal form."""
    range: str


def _npm(file: File) -> Iterator[Ask]:
    data = mapping(Cursor(file, npm.TODO).value())
    places = data.get("packages")
    if not isinstance(places, dict):
        yield from _npm_nested(data)
        return
    for place, entry in places.items():
        own = mapping(entry)
        _, installed, name = place.rpartition("node_modules/")
        if own.get("link") or not installed:
            continue  # what projects ask for, their manifests say
        for section in _RUN:
            yield from _npm_asks(string(own.get("name")) or name, own, section)


def _npm_nested(data: Mapping[str, Any]) -> Iterator[Ask]:
    """Version 1. Depth is bounded by the JSON reader's own."""
    stack = [mapping(data.get("dependencies"))]
    while stack:
        for name, entry in stack.pop().items():
            own = mapping(entry)
            yield from _npm_asks(name, own, "requires")
            stack.append(mapping(own.get("dependencies")))


def _npm_asks(by: str, entry: Mapping[str, Any], section: str) -> Iterator[Ask]:
    optional = mapping(entry.get("peerDependenciesMeta")) if section == "peerDependencies" else {}
    for name, wanted in mapping(entry.get(section)).items():
        if isinstance(wanted, str) and name not in optional:
            real, asked = unaliased(name, wanted)
            yield Ask(by, string(entry.get("version")), real, asked)


def unaliased(name: str, wanted: str) -> tuple[str, str]:
    """Name and range behind npm's and Yarn's ways to write them: `npm:real@^1`, `npm:^1`."""
    if not wanted.startswith("npm:"):
        return name, wanted
    inner = wanted.removeprefix("npm:")
    cut = inner.find("@", 1)
    return (inner[:cut], inner[cut + 1 :]) if cut > 0 else (name, inner)


def _yarn(file: File) -> Iterator[Ask]:
    for by, version, name, wanted in yarn.ranges(file):
        yield Ask(by, version, *unaliased(name, wanted))


def _bun(file: File) -> Iterator[Ask]:
    data = mapping(Cursor(file, bun.TODO, relaxed=True).value())
    for entry in mapping(data.get("packages")).values():
        if not isinstance(entry, list) or not entry or not isinstance(entry[0], str):
            continue
        name, _, version = entry[0].rpartition("@")
        own = next((part for part in entry[1:] if isinstance(part, dict)), {})
        for section in _RUN[:2]:
            yield from _npm_asks(name, {**own, "version": version}, section)


def _poetry(file: File) -> Iterator[Ask]:
    data, text = document(file, poetry.TODO)
    for entry, _ in tables(data, text, "package"):
        for name, how in mapping(entry.get("dependencies")).items():
            for way in how if isinstance(how, list) else [how]:
                asked = string(mapping(way).get("version") if isinstance(way, dict) else way) or "*"
                yield _python(entry, name, asked)


def _pdm(file: File) -> Iterator[Ask]:
    data, text = document(file, pdm.TODO)
    for entry, _ in tables(data, text, "package"):
        for wanted in strings(entry.get("dependencies")):
            if found := requirement(wanted):
                yield _python(entry, found[0], found[2])


def _python(entry: Mapping[str, Any], name: str, asked: str) -> Ask:
    return Ask(string(entry.get("name")), str(entry.get("version", "")), normalised("PyPI", name), asked)


def _composer(file: File) -> Iterator[Ask]:
    for entry in composer.required(file):
        for name, asked in mapping(entry.get("require")).items():
            yield Ask(string(entry.get("name")), string(entry.get("version")), name.lower(), string(asked))


def _gemfile(file: File) -> Iterator[Ask]:
    by, version = "", ""
    for line in text_of(file, gemfile.TODO).split("\n"):
        if gem := _GEM.fullmatch(line.rstrip()):
            by, version = gem[1], gem[2]
        elif (want := _WANT.fullmatch(line.rstrip())) and by:
            yield Ask(by, version, want[1], want[2] or ">= 0")


def _nuget(file: File) -> Iterator[Ask]:
    for name, entry in nuget_lock.resolved(file):
        for wanted, asked in mapping(entry.get("dependencies")).items():
            yield Ask(name, string(entry.get("resolved")), wanted.lower(), string(asked))


READERS: Mapping[str, tuple[str, Callable[[File], Iterator[Ask]]]] = {
    "bun": ("npm", _bun),
    "composer": ("composer", _composer),
    "gemfile": ("rubygems", _gemfile),
    "npm": ("npm", _npm),
    "nuget_lock": ("nuget", _nuget),
    "pdm": ("pep440", _pdm),
    "poetry": ("poetry", _poetry),
    "yarn": ("npm", _yarn),
}
"""By format: the style of its ranges (`ranges.STYLES`), and who asks for what."""
