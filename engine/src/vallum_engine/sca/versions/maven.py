"""Maven: the order of ComparableVersion (https://maven.apache.org/pom.html#version-order-specification).

A version is a chain of lists: `-`, and each change between digits and letters, begins a list inside the one before. Where two
chains differ, numbers are later than lists, and lists than words; what is missing counts as zero, and words such as `alpha`,
`rc` and `snapshot` come before it.

Maven's answers are no order everywhere: `1.foo.2` is before `1-alpha`, which is before `1`, which is before `1.foo.2`. In
such a circle, this order goes by what is missing.
"""

import re
from collections.abc import Sequence

from vallum_engine.sca.versions.numbers import number

_LONGEST = 500
_RUNS = re.compile(r"[0-9]+|[^0-9.-]+|[.-]")
_RANKS = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "snapshot": 4, "": 5, "sp": 6}
_RELEASE, _UNKNOWN = 5, 7
_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_BEFORE_DIGITS = {"a": "alpha", "b": "beta", "m": "milestone"}
_WORD_BEFORE, _LIST_BEFORE, _ZEROS_BEFORE, _END, _WORD_AFTER, _LIST_AFTER, _INTEGER = (bytes((n,)) for n in range(1, 8))
_STOP = b"\x00"

Item = int | str
"""A number, or a word that stands for itself or for its rank among Maven's own."""


def key(version: str) -> bytes | None:
    """Case does not matter. Anything in ASCII without blanks can be read."""
    plain = version.strip().lower()
    if not plain or len(plain) > _LONGEST or not plain.isascii() or any(map(str.isspace, plain)):
        return None
    chain = [_trimmed(items) for items in _chain(plain)]
    while chain and not chain[-1]:
        chain.pop()
    try:
        return _encoded(chain)
    except ValueError:
        return None


def _chain(plain: str) -> list[list[Item]]:
    lists: list[list[Item]] = [[]]
    pending = ""
    for run in _RUNS.findall(plain):
        if run in ".-":
            lists[-1].append(_item(pending) if pending else 0)
            if run == "-":
                lists.append([])
            pending = ""
            continue
        if pending.isdigit():
            lists[-1].append(int(pending))
            lists.append([])
        elif pending:
            _add_word(lists, _BEFORE_DIGITS.get(pending, pending))
            lists.append([])
        pending = run
    if pending.isdigit():
        lists[-1].append(int(pending))
    elif pending:
        _add_word(lists, pending)
    return lists


def _add_word(lists: list[list[Item]], word: str) -> None:
    """A word before digits or at the end begins a list of its own: `.x1` is read as `-x1`."""
    if lists[-1]:
        lists.append([])
    lists[-1].append(_item(word))


def _item(run: str) -> Item:
    return int(run) if run.isdigit() else _ALIASES.get(run, run)


def _trimmed(items: list[Item]) -> list[Item]:
    end = len(items)
    while end and not items[end - 1]:
        end -= 1
    return items[:end]


def _sign(items: Sequence[Item], beyond: Sequence[Sequence[Item]]) -> int:
    """How a list compares with nothing: by its first item that is not nothing itself."""
    for item in (*items, *(one for each in beyond for one in each)):
        if item:
            return -1 if isinstance(item, str) and _RANKS.get(item, _UNKNOWN) < _RELEASE else 1
    return 0


def _encoded(chain: Sequence[Sequence[Item]]) -> bytes:
    parts: list[bytes] = []
    for at, items in enumerate(chain):
        if at:
            parts.append(_LIST_BEFORE if _sign(items, chain[at + 1 :]) < 0 else _LIST_AFTER)
        for place, item in enumerate(items):
            before = _sign(items[place:], ()) < 0
            if isinstance(item, str):
                parts.append(_word(item, before=before))
            else:
                parts.append(_ZEROS_BEFORE if before else _INTEGER + number(str(item)))
    return b"".join((*parts, _END))


def _word(word: str, *, before: bool) -> bytes:
    rank = _RANKS.get(word, _UNKNOWN)
    return (
        (_WORD_BEFORE if before else _WORD_AFTER)
        + bytes((rank,))
        + (word.encode() + _STOP if rank == _UNKNOWN else b"")
    )
