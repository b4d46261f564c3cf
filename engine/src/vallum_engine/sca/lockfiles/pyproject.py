"""Python: `pyproject.toml`, the manifest: the standard's tables, Poetry's, and what PDM and uv have for development.

`==1.2.3` pins; of Poetry a bare `1.2.3` does too. Folders are left out; an address is a wish without a version.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Member, mapping
from vallum_engine.sca.lockfiles.located_toml import document, places, strings
from vallum_engine.sca.lockfiles.pep508 import address, pinned, requirement
from vallum_engine.values import replace

TODO = "Mend it: no tool can read it either."
_STRING = re.compile(r""""([^"\\\n]*)"|'([^'\n]*)'""")
_EXACT = re.compile(r"\d+(?:\.\d+)*[0-9A-Za-z.+!-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")

Groups = tuple[str, ...]


def extract(file: File) -> Iterator[Entry]:
    """Yield what the project asks for, itself, and the members of its workspace. Raises BrokenData."""
    data, text = document(file, TODO)
    project, tool = mapping(data.get("project")), mapping(data.get("tool"))
    poetry, uv = mapping(tool.get("poetry")), mapping(tool.get("uv"))
    name = project.get("name") or poetry.get("name")
    if isinstance(name, str):
        yield Member(name=name)
    for pattern in strings(mapping(uv.get("workspace")).get("members")):
        yield Member(folder=pattern.removeprefix("./").rstrip("/"))
    wishes = _Wishes(file, text)
    for groups, wanted in _lists(data, project, tool):
        for item in strings(wanted):
            yield from wishes.package(item, groups)
    located = places(text) if poetry else {}
    for table, groups, wanted in _tables(poetry):
        lines = located.get(table, {})
        for key, how in wanted.items():
            if key.lower() != "python":
                yield from wishes.poetry(key, how, groups, line=lines.get(key, 1))


def _lists(
    data: Mapping[str, Any], project: Mapping[str, Any], tool: Mapping[str, Any]
) -> Iterator[tuple[Groups, object]]:
    yield (), project.get("dependencies")
    for wanted in mapping(project.get("optional-dependencies")).values():
        yield ("optional",), wanted
    for wanted in mapping(data.get("dependency-groups")).values():
        yield ("dev",), wanted
    for wanted in mapping(mapping(tool.get("pdm")).get("dev-dependencies")).values():
        yield ("dev",), wanted
    yield ("dev",), mapping(tool.get("uv")).get("dev-dependencies")


def _tables(poetry: Mapping[str, Any]) -> Iterator[tuple[str, Groups, Mapping[str, Any]]]:
    yield "tool.poetry.dependencies", (), mapping(poetry.get("dependencies"))
    yield "tool.poetry.dev-dependencies", ("dev",), mapping(poetry.get("dev-dependencies"))
    for group, own in mapping(poetry.get("group")).items():
        yield f"tool.poetry.group.{group}.dependencies", ("dev",), mapping(mapping(own).get("dependencies"))


class _Wishes:
    """Packages with the lines of the strings that ask for them, where each first stands."""

    def __init__(self, file: File, text: str) -> None:
        self._file = file
        self._lines: dict[str, int] = {}
        for number, line in enumerate(text.split("\n"), 1):
            for one, other in _STRING.findall(line):
                self._lines.setdefault(one or other, number)

    def package(self, item: str, groups: Groups) -> Iterator[Package]:
        """Of a requirement as PyPI's tools write it; nothing for what is none."""
        line = self._lines.get(item, 1)
        if found := requirement(item):
            yield self._package(*found, groups, line)
        elif (elsewhere := address(item)) and not elsewhere[1].startswith("file:"):
            yield self._package(elsewhere[0], "", elsewhere[1], groups, line)

    def poetry(self, name: str, how: object, groups: Groups, *, line: int) -> Iterator[Package]:
        """Of Poetry's tables: a range, fields, or a list of these for several environments."""
        for way in how if isinstance(how, list) else [how]:
            fields: Mapping[str, Any] = way if isinstance(way, dict) else {"version": way}
            if "path" in fields:
                continue
            asked = str(fields.get("version") or fields.get("git") or fields.get("url") or "*").strip()
            version = asked if _EXACT.fullmatch(asked) else pinned(asked) or ""
            own = groups or (("optional",) if fields.get("optional") is True else ())
            commit = str(fields.get("rev", "")) if _COMMIT.fullmatch(str(fields.get("rev", ""))) else ""
            yield replace(self._package(name, version, asked, own, line), commit=commit)

    def _package(self, name: str, version: str, requested: str, groups: Groups, line: int) -> Package:
        return Package(
            ecosystem="PyPI",
            name=name,
            version=version,
            location=Location(path=self._file.path, line=line, end_line=line),
            direct=True,
            groups=groups,
            requested=requested,
        )


def wished(file: File, items: Iterable[tuple[str, int, Groups]]) -> Iterator[Package]:
    """Packages of requirements with their lines and groups, for manifests that are no TOML."""
    for text, line, groups in items:
        if found := requirement(text):
            yield Package(
                ecosystem="PyPI",
                name=found[0],
                version=found[1],
                location=Location(path=file.path, line=line, end_line=line),
                direct=True,
                groups=groups,
                requested=found[2],
            )
