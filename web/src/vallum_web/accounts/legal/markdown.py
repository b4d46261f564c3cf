"""The little of Markdown that a legal text needs: headings, paragraphs and lists. Pure; what it yields is plain text.

A sentence may end with its name in braces, by which others speak of it: `We do not sell your data. {share-no-sale}`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_HEADING = re.compile(r"(#{1,3}) (.+)")
_NAMED = re.compile(r"(?P<text>.*?)\s*\{(?P<name>[a-z0-9-]+)\}\s*|(?P<rest>.+)", re.DOTALL)
_END = re.compile(r"(?<=[.!?]) +(?=[A-Z“])")


class Kind(StrEnum):
    """What a block is; the template knows how each looks."""

    TITLE = "title"
    HEADING = "heading"
    SUBHEADING = "subheading"
    PARAGRAPH = "paragraph"
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One statement; without a name in the older texts."""

    text: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block; a list has an item a line, everything else a single one."""

    kind: Kind
    lines: tuple[str, ...]

    @property
    def parts(self) -> tuple[tuple[Sentence, ...], ...]:
        """The sentences of each line."""
        return tuple(tuple(sentences(line)) for line in self.lines)

    @property
    def anchor(self) -> str:
        """What a link may point to: the words of a heading."""
        return re.sub(r"[^a-z0-9]+", "-", self.lines[0].lower()).strip("-")


def sentences(line: str) -> Iterator[Sentence]:
    for found in _NAMED.finditer(line):
        if found["name"]:
            yield Sentence(text=found["text"], name=found["name"])
        else:
            yield from (Sentence(text=text) for text in _END.split(found["rest"].strip()))


def blocks(text: str) -> Iterator[Block]:
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = [line.rstrip() for line in part.splitlines()]
        heading = _HEADING.fullmatch(lines[0])
        if heading:
            kind = (Kind.TITLE, Kind.HEADING, Kind.SUBHEADING)[len(heading[1]) - 1]
            yield Block(kind=kind, lines=(heading[2],))
        elif lines[0].startswith("- "):
            yield Block(kind=Kind.LIST, lines=tuple(_items(lines)))
        else:
            yield Block(kind=Kind.PARAGRAPH, lines=(" ".join(line.strip() for line in lines),))


def _items(lines: list[str]) -> Iterator[str]:
    item = ""
    for line in lines:
        if line.startswith("- "):
            if item:
                yield item
            item = line.removeprefix("- ")
        else:
            item += " " + line.strip()
    yield item
