"""What each tool said, as places: the only thing that reports of different tools have in common."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.secrets.corpus import Place


class Named(NamedTuple):
    """A place that a report names: lines from 1, both included, and by which rule of the tool."""

    path: str
    line: int
    end: int
    rule: str


def _vallum(report: Any, _root: Path) -> Iterator[Named]:
    for finding in report["findings"]:
        for place in finding["locations"]:
            yield Named(place["path"].replace("!/", "!"), place["line"], place["end_line"], finding["rule"])


def _kingfisher(report: Any, root: Path) -> Iterator[Named]:
    for entry in report["findings"]:
        place, rule = entry["finding"], entry["rule"]["id"]
        yield Named(os.path.relpath(root / place["path"], root), place["line"], place["line"], rule)


def _detect_secrets(report: Any, _root: Path) -> Iterator[Named]:
    for path, found in report["results"].items():
        for entry in found:
            yield Named(path, entry["line_number"], entry["line_number"], entry["type"])


READERS: Mapping[str, Callable[[Any, Path], Iterator[Named]]] = {
    "vallum": _vallum,
    "kingfisher": _kingfisher,
    "detect-secrets": _detect_secrets,
}


def named(tool: str, report: Path, root: Path) -> list[Named]:
    """What a tool's JSON report names, in order, paths relative to the folder it was run in; `a.zip!inner` within archives."""
    return sorted(set(READERS[tool](json.loads(report.read_bytes()), root.resolve())))


def places(tool: str, report: Path, root: Path) -> set[Place]:
    """The first lines alone."""
    return {(place.path, place.line) for place in named(tool, report, root)}
