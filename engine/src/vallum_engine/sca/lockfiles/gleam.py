"""Gleam: `manifest.toml`, what `gleam.toml` was locked to. The same name is anybody's: without `packages` it is none of Gleam's."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Asking, Entry
from vallum_engine.sca.lockfiles.located_toml import document, strings

TODO = "Write it anew with `gleam deps download`."
_NAME = re.compile(r'\bname\s*=\s*"([^"\n]*)"')
_ROOT = "project"


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package; of a repository without a version. Raises BrokenData."""
    data, text = document(file, TODO)
    entries = _entries(data)
    lines: dict[str, int] = {}
    for number, raw in enumerate(text.split("\n"), 1) if entries else ():
        if found := _NAME.search(raw):
            lines.setdefault(found[1], number)
    for entry in entries:
        source, line = str(entry.get("source", "hex")), lines.get(entry["name"], 1)
        if source != "local":
            yield Package(
                ecosystem="Hex",
                name=entry["name"],
                version=str(entry.get("version", "")) if source == "hex" else "",
                location=Location(path=file.path, line=line, end_line=line),
                direct=entry["name"] in _asked(data),
                commit=str(entry.get("commit", "")),
            )


def _entries(data: dict[str, Any]) -> list[dict[str, Any]]:
    found = data.get("packages")
    entries = found if isinstance(found, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)]


def _asked(data: dict[str, Any]) -> dict[str, Any]:
    found = data.get("requirements")
    return found if isinstance(found, dict) else {}


def graph(file: File, asking: Sequence[Asking] = ()) -> Graph:
    """Who asks for whom, by name. The lockfile says what is asked for; `gleam.toml` what of it is to develop with."""
    data, _ = document(file, TODO)
    entries = _entries(data)
    only = {name for own in asking for name in own.develops_with}
    names: dict[Key, tuple[str, str]] = {
        entry["name"]: (entry["name"], str(entry.get("version", "")) if entry.get("source") == "hex" else "")
        for entry in entries
    }
    wants: dict[Key, list[str]] = {entry["name"]: strings(entry.get("requirements")) for entry in entries}
    asked = list(_asked(data))
    return Graph(
        names={(_ROOT,): (asking[0].name if asking else "", ""), **names},
        wants={(_ROOT,): [name for name in asked if name not in only], **wants},
        roots=((_ROOT,),),
        dev={(_ROOT,): [name for name in asked if name in only]} if asking else None,
    )
