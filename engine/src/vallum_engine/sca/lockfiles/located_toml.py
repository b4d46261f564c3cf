"""TOML lockfiles with places: the tables of one array, each with the line of its name."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles.entry import broken, text_of

_ERROR_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_PART = re.compile(_KEY)
_ENTRY = re.compile(rf"[ \t]*({_KEY})[ \t]*[=.]")
_HEADER = re.compile(rf"[ \t]*\[[ \t]*({_KEY}(?>(?:[ \t]*\.[ \t]*{_KEY})*))[ \t]*\]")
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


def named(data: dict[str, Any], text: str, array: str, todo: str) -> Iterator[tuple[dict[str, Any], int]]:
    """The same of a list of packages. Raises BrokenData for what is no list, and for an entry without a name."""
    found = data.get(array, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise broken(1, f"`{array}` is no list of tables", todo)
    for entry, line in tables(data, text, array):
        if not isinstance(entry.get("name"), str):
            raise broken(line, f"an entry of `{array}` without a name", todo)
        yield entry, line


def strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _name_lines(text: str, array: str) -> list[int]:
    """The line of `name = …` in each `[[array]]`, or of the header where there is none."""
    header = re.compile(rf"[ \t]*\[\[[ \t]*{re.escape(array)}[ \t]*\]\]")
    lines: list[int] = []
    looking = False
    for number, line in enumerate(_lines(text), 1):
        stripped = line.lstrip()
        if stripped.startswith("["):
            looking = bool(header.match(line))
            if looking:
                lines.append(number)
        elif looking and re.match(r"(?:name|\"name\")[ \t]*=", stripped):
            lines[-1] = number
            looking = False
    return lines


def places(text: str) -> Mapping[str, Mapping[str, int]]:
    """By table (`tool.uv`, without quotes): the line of each key that stands in it, or has a table of its own below it."""
    found: dict[str, dict[str, int]] = {"": {}}
    inside: dict[str, int] | None = found[""]
    for number, line in enumerate(_lines(text), 1):
        if line.lstrip()[:1] == "[":
            inside = None
            if header := _HEADER.match(line):
                parts = [part.strip("\"'") for part in _PART.findall(header[1])]
                found.setdefault(".".join(parts[:-1]), {}).setdefault(parts[-1], number)
                inside = found.setdefault(".".join(parts), {})
        elif inside is not None and (entry := _ENTRY.match(line)):
            inside.setdefault(entry[1].strip("\"'"), number)
    return found


def _lines(text: str) -> list[str]:
    """The lines, without what stands in strings of several."""
    if '"""' in text or "'''" in text:
        text = _MULTILINE.sub(lambda found: '""' + "\n" * found[0].count("\n"), text)
    return text.split("\n")
