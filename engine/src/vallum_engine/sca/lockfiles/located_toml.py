"""TOML lockfiles with places: the tables of one array, each with the line of its name."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles.entry import broken, text_of

_ERROR_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_KEY = r"""([A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_ENTRY = re.compile(rf"[ \t]*{_KEY}[ \t]*[=.]")
_MULTILINE = re.compile(r'"""(?:[^\\]|\\.)*?"""|' + r"'''.*?'''", re.DOTALL)


def document(file: File, todo: str) -> tuple[dict[str, Any], str]:
    """Parse the file; also return its text."""
    text = text_of(file, todo)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        found = _ERROR_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise broken(line, f"not valid TOML ({error})", todo) from error
    except (RecursionError, ValueError) as error:
        raise broken(1, f"not valid TOML ({type(error).__name__})", todo) from error


def tables(data: dict[str, Any], text: str, array: str) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each table of `[[array]]` with the line of its `name`."""
    found = data.get(array, [])
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    lines = _name_lines(text, array)
    yield from zip(entries, [*lines, *[1] * (len(entries) - len(lines))], strict=False)


def strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _name_lines(text: str, array: str) -> list[int]:
    """The line of `name = …` in each `[[array]]`, or of the header where there is none. Multi-line strings are blanked."""
    if '"""' in text or "'''" in text:
        text = _MULTILINE.sub(lambda found: '""' + "\n" * found[0].count("\n"), text)
    header = re.compile(rf"[ \t]*\[\[[ \t]*{re.escape(array)}[ \t]*\]\]")
    lines: list[int] = []
    looking = False
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.lstrip()
        if stripped.startswith("["):
            looking = bool(header.match(line))
            if looking:
                lines.append(number)
        elif looking and re.match(r"(?:name|\"name\")[ \t]*=", stripped):
            lines[-1] = number
            looking = False
    return lines


def keys(text: str, table: str) -> dict[str, int]:
    """The line of each key that stands in `[table]`, or has a table `[table.key]` of its own; of no table, in any of them."""
    if '"""' in text or "'''" in text:
        text = _MULTILINE.sub(lambda found: '""' + "\n" * found[0].count("\n"), text)
    own = re.compile(rf"[ \t]*\[[ \t]*{re.escape(table)}[ \t]*\]")
    below = re.compile(rf"[ \t]*\[[ \t]*{re.escape(table)}[ \t]*\.[ \t]*{_KEY}[ \t]*\]")
    lines: dict[str, int] = {}
    inside = not table
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip()[:1] == "[":
            inside = not table or bool(own.match(line))
            if found := below.match(line):
                lines.setdefault(found[1].strip("\"'"), number)
        elif inside and (found := _ENTRY.match(line)):
            lines.setdefault(found[1].strip("\"'"), number)
    return lines
