"""What one version of a text says that another does not, sentence by sentence. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from vallum_web.accounts.legal.markdown import Kind, blocks


class Change(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A heading or a sentence, and what became of it."""

    change: Change
    text: str
    is_heading: bool


def compare(before: str, after: str) -> Iterator[Row]:
    """Everything of both, in the order of `after`, with what went where it stood."""
    old, new = _units(before), _units(after)
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from _rows(Change.SAME, old[a:b])
            continue
        yield from _rows(Change.GONE, old[a:b])
        yield from _rows(Change.NEW, new[c:d])


def _rows(change: Change, units: list[tuple[str, bool]]) -> Iterator[Row]:
    return (Row(change=change, text=text, is_heading=heading) for text, heading in units)


def _units(text: str) -> list[tuple[str, bool]]:
    """Names of sentences are not compared: a sentence that got one says what it said."""
    found = []
    for block in blocks(text):
        heading = block.kind in {Kind.TITLE, Kind.HEADING, Kind.SUBHEADING}
        found += [(sentence.text, heading) for line in block.parts for sentence in line]
    return found
