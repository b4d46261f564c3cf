"""Regular expressions that are compiled once for many runs.

The standard library takes up to half a millisecond for one, and a scan of a small tree needs thirty: a twelfth of its time. What is
kept is what the library's compiler hands to its engine, for the very same Python; the engine proves each of it sound before it takes
it. Where the library works otherwise than expected here, expressions are compiled as ever.
"""

import marshal
import re
import sys
from array import array
from typing import Any, AnyStr

from vallum_engine.plugins import load

MOST = 4_000
"""Expressions that are kept."""

_PARSE, _CODE, _ENGINE = "re._parser:parse", "re._compiler:_code", "_sre:compile"
"""How `re.compile` goes about it. No public names lead there."""

_Parts = tuple[int, bytes, int, dict[str, int], tuple[str | None, ...]]
"""Flags, code in units of the machine, groups, their numbers by name, their names by number."""

_compiled: dict[tuple[str | bytes, int], re.Pattern[Any]] = {}
_kept: dict[tuple[str | bytes, int], _Parts] = {}
_new: dict[tuple[str | bytes, int], _Parts] = {}


def expression(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile`, for an expression of ours or of a rule: what is made up from files does not belong here."""
    found = _compiled.get((pattern, flags))
    if found is None:
        found = _compiled[pattern, flags] = _taken(pattern, flags) or _made(pattern, flags)
    return found


def stamp() -> str:
    """Names the Python that what is kept is for."""
    return f"{sys.implementation.cache_tag}-{sys.hexversion:x}-{array('I').itemsize}"


def remember(kept: bytes) -> None:
    """Take what `learned` gave to an earlier run of this Python; what is malformed is nothing.

    The caller vouches that nobody else wrote it.
    """
    try:
        _kept.update(marshal.loads(kept))  # noqa: S302 - as the caller vouches
    except (EOFError, TypeError, ValueError):
        return


def learned() -> bytes | None:
    """What to keep for later runs; None where nothing that can be kept was compiled since this was asked."""
    if not _new:
        return None
    together = {**_kept, **_new}
    _new.clear()
    return marshal.dumps(dict(list(together.items())[-MOST:]))


def _taken(pattern: str | bytes, flags: int) -> re.Pattern[Any] | None:
    parts = _kept.get((pattern, flags))
    if parts is None:
        return None
    try:
        every, code, groups, numbers, names = parts
        taken: re.Pattern[Any] = load(_ENGINE)(pattern, every, list(array("I", code)), groups, numbers, names)
    except (AttributeError, ImportError, OverflowError, RuntimeError, TypeError, ValueError):
        return None
    return taken


def _made(pattern: AnyStr, flags: int) -> re.Pattern[AnyStr]:
    try:
        parsed = load(_PARSE)(pattern, flags)
        names: list[str | None] = [None] * parsed.state.groups
        for name, number in parsed.state.groupdict.items():
            names[number] = name
        code = array("I", load(_CODE)(parsed, flags)).tobytes()
        every = int(flags | parsed.state.flags)
        parts = (every, code, parsed.state.groups - 1, dict(parsed.state.groupdict), tuple(names))
    except (AttributeError, ImportError, OverflowError, TypeError, ValueError):
        return re.compile(pattern, flags)
    key = (pattern, int(flags))
    _kept[key] = parts
    made = _taken(pattern, flags)
    if made is None:
        del _kept[key]
        return re.compile(pattern, flags)
    _new[key] = parts
    return made
