"""Haskell, Stack: `stack.yaml.lock`, read line by line (Stack writes it, and always in the same shape).

It holds what the project takes beside its snapshot. The packages of the snapshot stand in no file of the project.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Left, broken, text_of
from vallum_engine.values import made, mutable

TODO = "Write it anew with `stack build --dry-run`."
_LINE = re.compile(r"( *)(- )?([A-Za-z][A-Za-z0-9-]*):(?: (.*))?")
_HACKAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)-(\d+(?:\.\d+)*)(?:@.*)?", re.ASCII)


@mutable
class _Entry:
    line: int
    fields: dict[str, str] = made(factory=dict)


def extract(file: File) -> Iterator[Entry]:
    """Yield every package, of a repository without a version, and a note for each snapshot. Raises BrokenData."""
    for section, entry in _entries(text_of(file, TODO)):
        if section == "snapshots":
            why = "packages of a Stackage snapshot, which no file here lists, are not read: `stack ls dependencies` tells them"
            yield Left(line=entry.line, why=why)
        elif package := _package(file, entry):
            yield package


def _entries(text: str) -> Iterator[tuple[str, _Entry]]:
    """What stands under `completed` in each entry of `packages` and `snapshots`."""
    section, entry, completed, met = "", None, False, False
    for number, line in enumerate(text.split("\n"), 1):
        found = _LINE.fullmatch(line.rstrip())
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        met = met or bool(found)
        if not found:
            raise broken(number, "not a line of a stack.yaml.lock", TODO)
        indent, dash, key, value = len(found[1]), found[2], found[3], (found[4] or "").strip("'\" ")
        if not indent and not dash:
            section = key
        elif dash and not indent:
            if entry:
                yield entry
            entry, completed = (section, _Entry(number)), key == "completed"
        elif indent == 2:
            completed = key == "completed"
        elif completed and entry and indent == 4:
            entry[1].fields[key] = value
    if entry:
        yield entry


def _package(file: File, entry: _Entry) -> Package | None:
    fields = entry.fields
    hackage = _HACKAGE.fullmatch(fields.get("hackage", ""))
    name = hackage[1] if hackage else fields.get("name", "")
    if not name:
        return None
    return Package(
        ecosystem="Hackage",
        name=name,
        version=hackage[2] if hackage else "",
        location=Location(path=file.path, line=entry.line, end_line=entry.line),
        commit=fields.get("commit", ""),
    )
