"""Which of many words stand in a file: one Vectorscan database, so that only files with one of them are read as code."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

Find = Callable[[bytes], Collection[int]]
"""The numbers of the words that stand in some bytes."""

MOST_PLACES = 300
"""Places of a word that are looked at; where there are more the file is read."""
LONGEST_LINE = 500
_QUOTES = {
    "golang": (b'"', b"`"),
    "javascript": (b"'", b'"', b"`", b"!", b":", b"/"),
    "python": (b"'", b'"'),
}
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


def may_name(lowered: bytes, word: bytes, language: str) -> bool:
    """Whether one of the places of a word can be an import or a text of its own: most are neither. `lowered` has no capitals.

    A specifier stands behind a quote; a module of Python in a line with the word that imports it, or that continues one.
    """
    if language == "java":
        return True
    quotes = _QUOTES[language]
    at = lowered.find(word)
    for _ in range(MOST_PLACES):
        if at < 0:
            return False
        if lowered[at - 1 : at] in quotes:
            return True
        if language == "python":
            line = lowered.rfind(b"\n", max(at - LONGEST_LINE, 0), at) + 1
            before = lowered[line:at] if line else lowered[max(at - LONGEST_LINE, 0) : at]
            if b"import" in before or b"from" in before or lowered[max(line - 3, 0) : line].rstrip().endswith(b"\\"):
                return True
        at = lowered.find(word, at + 1)
    return True


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
