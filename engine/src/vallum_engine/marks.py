"""Comments that hide findings: `vallum:ignore`, for which rules, and why.

vallum:ignore                          whatever is found on the line
vallum:ignore a reason                 the same, and why
vallum:ignore rule-id a reason         what one rule found; a first word with a hyphen is a rule (or an advisory)
vallum:ignore[rule-id,CVE-2021-1] why  what several found
"""

import re
from collections.abc import Mapping

from vallum_engine.model.finding import Finding
from vallum_engine.model.text import printable

IGNORE_MARK = b"vallum:ignore"
EVERY_RULE = b"*"
MOST_WHY = 200
"""Letters that are kept of a reason."""
_MARK_BYTES = 1000
_COMMENTS = (b"#", b"//", b"/*", b"*", b"<!--", b"--", b";", b"%", b"'", b"rem ", b"REM ")
_RULE = re.compile(rb"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+(?=[\s:*]|$)")
_AROUND = b" \t\r:*/>%#}-"
"""What stands between the mark and the reason, and what ends a comment."""

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
    word = _RULE.match(rest.lstrip())
    if word and rest[:1].isspace():
        return [word[0]], rest.lstrip()[word.end() :]
    return [EVERY_RULE], rest


def hidden(finding: Finding, here: Mapping[bytes, bytes]) -> str | None:
    """The reason why the marks of a line hide this finding, which may be empty; None where they do not."""
    if not here:
        return None
    if EVERY_RULE in here:
        return reason(here[EVERY_RULE])
    for name in sorted(finding.names):
        why = here.get(name.encode("utf-8", "surrogatepass"))
        if why is not None:
            return reason(why)
    return None


def reason(written: bytes) -> str:
    return printable(written.strip(_AROUND).decode("utf-8", "replace")[:MOST_WHY])
