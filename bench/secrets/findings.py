"""What each tool said, as places: the only thing that reports of different tools have in common."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.secrets.corpus import Place


def _vallum(report: Any, _root: Path) -> set[Place]:
    return {(place["path"], place["line"]) for finding in report["findings"] for place in finding["locations"]}


def _kingfisher(report: Any, root: Path) -> set[Place]:
    found = (entry["finding"] for entry in report["findings"])
    return {(os.path.relpath(root / entry["path"], root), entry["line"]) for entry in found}


def _detect_secrets(report: Any, _root: Path) -> set[Place]:
    return {(path, entry["line_number"]) for path, found in report["results"].items() for entry in found}


READERS: Mapping[str, Callable[[Any, Path], set[Place]]] = {
    "vallum": _vallum,
    "kingfisher": _kingfisher,
    "detect-secrets": _detect_secrets,
}


def places(tool: str, report: Path, root: Path) -> set[Place]:
    """The places that a tool's JSON report names, relative to the folder it was run in."""
    return READERS[tool](json.loads(report.read_bytes()), root.resolve())
