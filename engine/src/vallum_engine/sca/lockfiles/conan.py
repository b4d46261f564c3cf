"""Conan: `conan.lock`. Conan 1 (formats 0.1 to 0.4) locks a graph of nodes, Conan 2 (0.5) three flat lists.

https://docs.conan.io/2/tutorial/versioning/lockfiles.html. A reference is `name/version@user/channel#revision`. What is
needed to build alone has the group `build`. Left out: the project itself.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key, steps
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, string
from vallum_engine.sca.lockfiles.located_json import Cursor
from vallum_engine.values import mutable

TODO = "Write the lockfile anew with `conan lock create .`."
_LISTS = {"requires": (), "build_requires": ("build",), "python_requires": ("build",), "config_requires": ("build",)}
_REFERENCE = re.compile(r"([^/\s@#:\[\]]+)/([^/\s@#:%\[\]]+)(?:[@#:%].*)?")


@mutable
class _Node:
    fields: Mapping[str, Any]
    line: int

    @property
    def reference(self) -> tuple[str, str]:
        """Name and version; nothing for the project itself, which has a path."""
        found = named(string(self.fields.get("ref")) or string(self.fields.get("pref")))
        return found if found and not string(self.fields.get("path")) else ("", "")


def named(reference: str) -> tuple[str, str] | None:
    """Name and version of a reference; None for what is none, or has a range."""
    found = _REFERENCE.fullmatch(reference)
    return (found[1], found[2]) if found else None


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    cursor = Cursor(file, TODO)
    flat: list[tuple[str, int, tuple[str, ...]]] = []
    nodes: dict[str, _Node] = {}
    for key, _ in cursor.members():
        if key in _LISTS and cursor.mark == "[":
            flat += [(string(cursor.value()), line, _LISTS[key]) for line in cursor.items()]
        elif key == "graph_lock" and cursor.mark == "{":
            nodes = _nodes(cursor)
    cursor.finish()
    for reference, line, groups in flat:
        if found := named(reference):
            yield _package(file, line, found, groups)
    runs = steps(_graph(nodes), dev=False) if nodes else {}
    for number, node in nodes.items():
        if node.reference[0]:
            yield _package(file, node.line, node.reference, () if number in runs else ("build",))


def _package(file: File, line: int, named: tuple[str, str], groups: tuple[str, ...]) -> Package:
    name, version = named
    location = Location(path=file.path, line=line, end_line=line)
    return Package(ecosystem="ConanCenter", name=name, version=version, location=location, groups=groups)


def _nodes(cursor: Cursor) -> dict[str, _Node]:
    """The nodes of a graph, each with the line of its reference."""
    nodes: dict[str, _Node] = {}
    for key, _ in cursor.members():
        if key != "nodes":
            continue
        for number, at in cursor.members():
            if cursor.mark != "{":
                raise broken(at, f"the node {number!r} is no object", TODO)
            fields: dict[str, Any] = {}
            line = at
            for name, place in cursor.members():
                fields[name] = cursor.value()
                line = place if name in ("ref", "pref") else line
            nodes[number] = _Node(fields, line)
    return nodes


def graph(file: File) -> Graph:
    """Who asks for whom. Conan 2 does not say: its graph is empty."""
    cursor = Cursor(file, TODO)
    nodes: dict[str, _Node] = {}
    for key, _ in cursor.members():
        if key == "graph_lock" and cursor.mark == "{":
            nodes = _nodes(cursor)
    return _graph(nodes)


def _graph(nodes: Mapping[str, _Node]) -> Graph:
    asked = {
        number for node in nodes.values() for key in ("requires", "build_requires") for number in _wants(node, key)
    }
    roots: list[Key] = [
        number for number, node in nodes.items() if number not in asked or string(node.fields.get("path"))
    ]
    return Graph(
        names={number: node.reference for number, node in nodes.items()},
        wants={number: _wants(node, "requires") for number, node in nodes.items()},
        roots=roots,
        dev={number: _wants(node, "build_requires") for number, node in nodes.items()} if nodes else None,
    )


def _wants(node: _Node, key: str) -> list[Key]:
    """A list of numbers, or (0.1) an object from references to them."""
    wanted = node.fields.get(key)
    found = list(wanted.values()) if isinstance(wanted, dict) else wanted
    return [number for number in found if isinstance(number, str)] if isinstance(found, list) else []
