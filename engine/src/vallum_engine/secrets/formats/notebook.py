"""A Jupyter notebook cell by cell: what was typed and what came out, as one text with the way back to the file.

In the file a cell is a list of texts, one a line, or one text, in JSON's escapes: what goes over several lines reads as nothing
there. nbformat 4 has `cells`, nbformat 3 `worksheets` of them: https://nbformat.readthedocs.io/
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

from vallum_engine.secrets.formats.json import LIST, SIGN, unescaped
from vallum_engine.secrets.formats.setting import DEEPEST, MOST, TooDeep
from vallum_engine.values import immutable, unshown

_SOURCES = frozenset({"source", "input"})
_PICTURES = ("image/", "video/", "audio/", "application/pdf")
_ABOUT = frozenset({"output_type", "name", "metadata", "png", "jpeg"})
"""Of an output what is no text that came out; the last two are the older form's pictures."""
_BETWEEN = b"\n\n"

Path = tuple[str | int, ...]


@immutable(kw_only=False)
class Notebook:
    """The text of all cells. From `starts[i]` on it was written at `origins[i]` of the file, as far as `ends[i]`."""

    text: bytes = unshown()
    starts: Sequence[int]
    origins: Sequence[int]
    ends: Sequence[int]
    labels: Sequence[str]
    """Which cell, and whether it came out of it."""
    trouble: str = ""

    def origin(self, position: int) -> int:
        """Where in the file a byte of the text was written."""
        at = max(bisect_right(self.starts, position) - 1, 0)
        return min(self.origins[at] + position - self.starts[at], self.ends[at])

    def label(self, position: int) -> str:
        """The cell of a byte of the text."""
        return self.labels[max(bisect_right(self.starts, position) - 1, 0)]


def read(data: bytes) -> Notebook | None:
    """None for a file that holds no cells."""
    pieces: list[bytes] = []
    starts, origins, ends, labels = [], [], [], []
    size, trouble, last = 0, "", None
    try:
        for number, (path, text, start, end) in enumerate(islice(_texts(data), MOST + 1)):
            if number == MOST:
                trouble = (
                    f"only the first {MOST:,} lines of its cells were read as a notebook; all of its text was looked at"
                )
                break
            label = _label(path)
            if last not in (None, path[:-1]):
                pieces.append(_BETWEEN)
                size += len(_BETWEEN)
            last = path[:-1]
            starts.append(size)
            origins.append(start)
            ends.append(end)
            labels.append(label)
            pieces.append(text)
            size += len(text)
    except TooDeep:
        trouble = "nested too deep to be read as a notebook; its text was looked at"
    return Notebook(b"".join(pieces), starts, origins, ends, labels, trouble) if starts or trouble else None


def _label(path: Path) -> str:
    cell = f"cell {int(path[1]) + 1:,}"
    return cell if path[2] in _SOURCES else f"the output of {cell}"


def _texts(data: bytes) -> Iterator[tuple[Path, bytes, int, int]]:
    """Every text of a cell's source and outputs, but pictures. A text that is no list of lines has a path of its own."""
    for path, text, start, end in _strings(data):
        if path[:1] == ("worksheets",):
            path = path[2:]  # noqa: PLW2901 - the same place in the older form
        if len(path) < 3 or path[0] != "cells" or not isinstance(path[1], int):
            continue
        if path[2] in _SOURCES or (path[2] == "outputs" and _came_out(path)):
            yield (path if isinstance(path[-1], int) else (*path, 0)), text, start, end


def _came_out(path: Path) -> bool:
    if len(path) < 5 or path[4] in _ABOUT:
        return False
    return not any(isinstance(part, str) and part.startswith(_PICTURES) for part in path[5:])


def _strings(data: bytes) -> Iterator[tuple[Path, bytes, int, int]]:
    """Every text that is a value, with the names and numbers above it. Raises TooDeep."""
    levels: list[_Level] = []
    name, after_colon = "", False
    for found in re.finditer(SIGN, data, re.DOTALL):
        sign = found[2]
        if sign is None:
            if found.lastindex is None:
                continue
            within_list = bool(levels) and levels[-1].is_list
            if not (after_colon or within_list):
                name = found[found.lastindex].decode("utf-8", "replace")
                continue
            own = name if after_colon else levels[-1].next()
            after_colon = False
            if found.lastindex == 1:
                path = (*(level.label for level in levels[1:]), own)
                yield path, unescaped(found[1]) if b"\\" in found[1] else found[1], found.start(1), found.end(1)
        elif sign == b":":
            after_colon = True
        elif sign in b"{[":
            if len(levels) >= DEEPEST:
                raise TooDeep
            label = name if after_colon else (levels[-1].next() if levels else "")
            levels.append(_Level(label, is_list=sign[0] == LIST))
            name, after_colon = "", False
        else:
            after_colon = False
            if sign in b"}]" and levels:
                levels.pop()


class _Level:
    """An object or list that is being read."""

    __slots__ = ("count", "is_list", "label")

    def __init__(self, label: str | int, *, is_list: bool) -> None:
        self.label = label
        self.is_list = is_list
        self.count = 0

    def next(self) -> int:
        """The number of the next entry, from 0."""
        self.count += 1
        return self.count - 1
