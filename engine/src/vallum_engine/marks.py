"""Comments that hide findings: `vallum:ignore`, for which rules, and why.

vallum:ignore                          whatever is found on the line
vallum:ignore a reason                 the same, and why
vallum:ignore rule-id a reason         what one rule found; a first word with a hyphen is a rule (or an advisory)
vallum:ignore[rule-id,CVE-2021-1] why  what several found
"""

import re
from collections.abc import Mapping

from vallum_engine.model.finding import Finding, Kind
from vallum_engine.model.text import printable

IGNORE_MARK = b"vallum:ignore"
EVERY_RULE = b"*"
MOST_WHY = 200
"""Letters that are kept of a reason."""
_MARK_BYTES = 1000
_COMMENTS = (b"#", b"//", b"/*", b"*", b"<!--", b"--", b";", b"%", b"'", b"rem ", b"REM ")
_RULE = rb"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+(?=[\s:*]|$)"
_AROUND = b" \t\r:*/>%#}-"
"""What stands between the mark and the reason, and what ends a comment."""

_GIVES = frozenset("=:\"'`@/\\<>{}")
"""What stands before or around a value."""
_TOKEN = 16
"""Letters from which on a word of letters and digits may be a token."""

Marks = dict[int, dict[bytes, bytes]]
"""By line: the ids of the rules that are hidden there, each with the reason as it is written."""


def marks(data: bytes) -> Marks:
    """What each line is told to hide: by a mark on it, or by one on a line above that is a comment and no more.

    Linear in the file, whatever it holds: a megabyte of marks on one line is a way to attack this.
    """
    found: Marks = {}
    line, start, counted, place = 1, 0, 0, data.find(IGNORE_MARK)
    while place >= 0:
        passed = data.count(b"\n", counted, place)
        if passed:
            line += passed
            start = data.rfind(b"\n", counted, place) + 1
        counted = place + len(IGNORE_MARK)
        rest = data[counted : counted + _MARK_BYTES].partition(b"\n")[0].partition(IGNORE_MARK)[0]
        named = dict.fromkeys(*_named(rest))
        found.setdefault(line, {}).update(named)
        if data[start : start + _MARK_BYTES].lstrip().startswith(_COMMENTS):
            found.setdefault(line + 1, {}).update(named)
        place = data.find(IGNORE_MARK, counted)
    return found


def _named(rest: bytes) -> tuple[list[bytes], bytes]:
    """The rules that a mark names, and the reason behind them."""
    if rest.startswith(b"["):
        names, _, why = rest[1:].partition(b"]")
        return [name.strip() for name in names.split(b",")], why
    word = re.match(_RULE, rest.lstrip())
    if word and rest[:1].isspace():
        return [word[0]], rest.lstrip()[word.end() :]
    return [EVERY_RULE], rest


def hidden(finding: Finding, here: Mapping[bytes, bytes]) -> str | None:
    """The reason why the marks of a line hide this finding, which may be empty; None where they do not."""
    if not here:
        return None
    names = (name.encode("utf-8", "surrogatepass") for name in sorted(finding.names))
    for name in (EVERY_RULE, *names):
        if name in here:
            return reason(here[name], beside_secret=finding.kind is Kind.SECRET)
    return None


def reason(written: bytes, *, beside_secret: bool = False) -> str:
    """What is written behind a mark, up to where it may be a secret: that can stand there too, and a report never carries one.

    Where a secret was found, a reason ends at what gives a value to a name as well.
    """
    words = printable(written.strip(_AROUND).decode("utf-8", "replace")[:MOST_WHY]).split(" ")
    doubtful = next((at for at, word in enumerate(words) if _doubtful(word, beside_secret=beside_secret)), None)
    return " ".join(words if doubtful is None else [*words[:doubtful], "…"])


def _doubtful(word: str, *, beside_secret: bool) -> bool:
    if beside_secret and not _GIVES.isdisjoint(word):
        return True
    address = word.startswith("https://") and "@" not in word and "?" not in word
    return len(word) >= _TOKEN and not address and any(map(str.isdigit, word)) and any(map(str.isalpha, word))
