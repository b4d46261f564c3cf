"""Rust: the crates that a program was built of, where cargo-auditable built it. The path is the program's, and `dep-v0` behind it.

Compressed JSON: `packages` with name, version, source (`crates.io`, `git`, `local`), kind (`runtime`, `build`), the numbers of
what each asks for, and a mark on the root: https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md.
"""

import json
import zlib
from collections.abc import Iterator
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import MAX_BYTES, Entry, broken

TODO = "Build the program anew with `cargo auditable build`."


def extract(file: File) -> Iterator[Entry]:
    """Yield every crate that is built in. Raises BrokenData."""
    entries = _entries(file)
    roots = [entry for entry in entries if _is_root(entry)]
    asked = {number for root in roots for number in _numbers(root)}
    for number, entry in enumerate(entries):
        name, version = entry.get("name"), entry.get("version")
        if (
            isinstance(name, str)
            and isinstance(version, str)
            and not _is_root(entry)
            and entry.get("source") != "local"
        ):
            yield Package(
                ecosystem="crates.io",
                name=name,
                version=version if entry.get("source") == "crates.io" else "",
                location=Location(path=file.path, line=1, end_line=1),
                direct=number in asked if roots else None,
                groups=("build",) if entry.get("kind") == "build" else (),
            )


def _entries(file: File) -> list[dict[str, Any]]:
    unpack = zlib.decompressobj()
    try:
        data = json.loads(unpack.decompress(file.data, MAX_BYTES))
    except (zlib.error, ValueError, RecursionError) as error:
        raise broken(1, f"not the compressed JSON of cargo-auditable ({error})", TODO) from error
    found = data.get("packages") if isinstance(data, dict) else None
    if not isinstance(found, list):
        raise broken(1, "no list of packages", TODO)
    return [entry if isinstance(entry, dict) else {} for entry in found]


def _is_root(entry: dict[str, Any]) -> bool:
    return entry.get("root") is True


def _numbers(entry: dict[str, Any]) -> list[int]:
    found = entry.get("dependencies")
    return [number for number in found if isinstance(number, int)] if isinstance(found, list) else []


def graph(file: File) -> Graph:
    """Who asks for whom, by their numbers in the list."""
    entries = _entries(file)
    names: dict[Key, tuple[str, str]] = {}
    for number, entry in enumerate(entries):
        own = _is_root(entry) or entry.get("source") != "crates.io"
        names[number] = (str(entry.get("name", "")), "" if own else str(entry.get("version", "")))
    return Graph(
        names=names,
        wants={number: _numbers(entry) for number, entry in enumerate(entries)},
        roots=[number for number, entry in enumerate(entries) if _is_root(entry)],
    )
