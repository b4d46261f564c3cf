"""Which of many words stand in a file: one Vectorscan database, so that only files with one of them are read as code."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

Find = Callable[[bytes], Collection[int]]
"""The numbers of the words that stand in some bytes."""

_EDGE = re.compile(r"[A-Za-z0-9_]")


def finder(words: Sequence[str], expressions: Sequence[bytes]) -> Find:
    """For whole words, in upper case or lower, and after them for expressions, numbered on."""
    patterns = [_whole(word) for word in words] + list(expressions)
    if not patterns:
        return lambda _: ()
    try:
        import hyperscan  # noqa: PLC0415 - as in triggers: 18 ms that only a tree with something vulnerable pays
    except ImportError:
        return _slow(patterns)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH
    try:
        database.compile(expressions=patterns, ids=list(range(len(patterns))), flags=[flags] * len(patterns))
        database.scratch = hyperscan.Scratch(database)
    except hyperscan.error:
        return _slow(patterns)
    scan: Any = database.scan

    def find(data: bytes) -> Collection[int]:
        found: set[int] = set()
        scan(data, _note, 0, found)
        return found

    return find


def place_of(word: str, data: bytes) -> int:
    """Where the word stands first; -1 where it does not."""
    found = re.search(_whole(word), data, re.IGNORECASE)
    return found.start() if found else -1


def _note(number: int, _start: int, _end: int, _flags: int, found: set[int]) -> None:
    found.add(number)


def _whole(word: str) -> bytes:
    before = r"\b" if _EDGE.match(word[:1]) else ""
    after = r"\b" if _EDGE.match(word[-1:]) else ""
    return f"{before}{re.escape(word)}{after}".encode()


def _slow(patterns: Sequence[bytes]) -> Find:
    compiled = [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
    return lambda data: {number for number, pattern in enumerate(compiled) if pattern.search(data)}
