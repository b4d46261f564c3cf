"""Go: `vendor/modules.txt`, the modules whose code lies in `vendor`. What only stands there as replaced has no code."""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, text_of
from vallum_engine.values import mutable

TODO = "Let `go mod vendor` write it anew."
_MODULE = re.compile(r"# ([^\s=]\S*)(?: (v\S+))?(?: => (\S+)(?: (v\S+))?)?\s*", re.ASCII)


@mutable
class _Module:
    name: str
    version: str
    line: int
    asked: bool = False
    """Whether go.mod names it: for itself, or as needed by another."""
    vendored: bool = False


def extract(file: File) -> Iterator[Entry]:
    """Yield every module that packages are vendored of, where it first stands. Raises BrokenData."""
    found: dict[tuple[str, str], _Module] = {}
    module: _Module | None = None
    for number, line in enumerate(text_of(file, TODO).split("\n"), 1):
        if line.startswith("# "):
            module = _module(line, number)
            if module:
                module = found.setdefault((module.name, module.version), module)
        elif module and line.startswith("## "):
            module.asked = module.asked or "explicit" in line
        elif module and line.strip():
            module.vendored = True
    for module in found.values():
        if module.vendored:
            yield Package(
                ecosystem="Go",
                name=module.name,
                version=module.version.removeprefix("v"),
                location=Location(path=file.path, line=module.line, end_line=module.line),
                direct=None if module.asked else False,
            )


def _module(line: str, number: int) -> _Module | None:
    """The module of a header; None where a folder stands in its place."""
    found = _MODULE.fullmatch(line)
    if not found:
        return None
    name, version = (found[3], found[4]) if found[3] else (found[1], found[2])
    return _Module(name, version, number) if version else None
