"""Julia: `Manifest.toml`. Format 2 has its entries under `deps`, format 1 at the top. What Julia brings itself has no version."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.asked import by_name
from vallum_engine.sca.lockfiles.entry import Asking, Entry
from vallum_engine.sca.lockfiles.located_toml import document, strings

TODO = "Write it anew with `julia --project -e 'using Pkg; Pkg.resolve()'`."
_HEADER = re.compile(r"[ \t]*\[\[[ \t]*(?:deps[ \t]*\.[ \t]*)?\"?([^\]\"\s]+)\"?[ \t]*\]\]")


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package but those of folders; of a repository without a version. Raises BrokenData."""
    data, text = document(file, TODO)
    lines: dict[str, list[int]] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        if found := _HEADER.match(raw):
            lines.setdefault(found[1], []).append(number)
    for name, place, entry in _entries(data):
        version, line = entry.get("version"), (lines.get(name, [])[place : place + 1] or [1])[0]
        tree, elsewhere = entry.get("git-tree-sha1"), entry.get("repo-url")
        if isinstance(version, str) and tree and "path" not in entry:
            yield Package(
                ecosystem="Julia",
                name=name,
                version="" if elsewhere else version,
                location=Location(path=file.path, line=line, end_line=line),
            )


def _entries(data: dict[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Name, number among those of this name, and fields."""
    found = data.get("deps", data)
    for name, entries in found.items() if isinstance(found, dict) else ():
        for place, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                yield name, place, entry


def graph(file: File, asking: Sequence[Asking] = ()) -> Graph:
    """Who asks for whom, by name; `Project.toml` says what the project asks for."""
    data, _ = document(file, TODO)
    names: dict[Key, tuple[str, str]] = {}
    wants: dict[Key, list[str]] = {}
    answers: dict[Key, list[Key]] = {}
    for name, place, entry in _entries(data):
        key, needs = (name, place), entry.get("deps")
        names[key] = (name, "" if entry.get("repo-url") else str(entry.get("version", "")))
        answers.setdefault(name, []).append(key)
        wants[key] = list(needs) if isinstance(needs, dict) else strings(needs)
    return by_name(names, wants, answers, asking)
