"""Dart and Flutter: `pubspec.lock`, read line by line (pub writes it, and always in the same shape).

https://dart.dev/tools/pub/glossary#lockfile. Two spaces in stand the packages, four spaces in their fields, six what
their description says. Left out: packages that lie in a folder.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, text_of
from vallum_engine.values import made, mutable

TODO = "Write the lockfile anew with `dart pub get`."
_KEY = re.compile(r"( *)([\w.\"'-]+):(?: +(\S.*))?")
_FIELD, _DESCRIBED = 4, 6
"""Spaces before a package's fields, and before those of its description."""


@mutable
class _Block:
    name: str
    line: int
    fields: dict[str, str] = made(factory=dict)


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    for block in _blocks(text_of(file, TODO)):
        if block.fields.get("source") == "path":
            continue
        asked = block.fields.get("dependency", "")
        yield Package(
            ecosystem="Pub",
            name=block.name,
            version=block.fields.get("version", ""),
            location=Location(path=file.path, line=block.line, end_line=block.line),
            direct=asked.startswith("direct") if asked else None,
            groups=("dev",) if asked == "direct dev" else (),
            commit=block.fields.get("resolved-ref", ""),
        )


def _blocks(text: str) -> Iterator[_Block]:
    block: _Block | None = None
    section = ""
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip()
        if not line or line.lstrip().startswith("#"):
            continue
        found = _KEY.fullmatch(line)
        if not found:
            raise broken(number, "no line of a pubspec.lock", TODO)
        depth, key, value = len(found[1]), found[2].strip("\"'"), (found[3] or "").strip("\"'")
        if not depth:
            section = key
        elif section == "packages" and depth == 2:
            if block:
                yield block
            block = _Block(key, number)
        elif section == "packages" and block and (depth == _FIELD or (depth == _DESCRIBED and key == "resolved-ref")):
            block.fields[key] = value
    if block:
        yield block
