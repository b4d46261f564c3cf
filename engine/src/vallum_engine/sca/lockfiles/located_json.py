"""JSON with places: walk the objects that matter, decode the rest at C speed, and know the line of every key."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles.entry import MAX_BYTES, broken, licence_of, string, text_of

_SPACE = re.compile(r"[ \t\n\r]*")
# What people write beside JSON: comments, and a comma after the last. Each part takes all it can, so a file is passed once.
_RELAXED = re.compile(r"""("(?:[^"\\]|\\.)*+(?:"|\\?\Z))|//[^\n]*+|/\*.*?(?:\*/|\Z)|,(?=\s*+[}\]])""", re.DOTALL)
_DECODER = json.JSONDecoder()
_T = TypeVar("_T")
_NAMED = frozenset({"name", "version", "license", "licenses"})
MAX_DEPTH = 100
"""Nested further than any package manager nests; deeper is an attack or a mistake."""


class Cursor:
    """A place in a JSON text, moving forward only.

    `members()` enters the object at hand, `items()` the array; after each key or at each item the caller takes
    `value()`, enters it by one of them again, or does nothing, which skips it.
    """

    def __init__(self, file: File, todo: str, *, relaxed: bool = False, most: int = MAX_BYTES) -> None:
        """`relaxed` takes comments, and a comma after the last member or item."""
        self.todo = todo
        self.text = _strict(text_of(file, todo, most)) if relaxed else text_of(file, todo, most)
        self.at = self._skip(0)
        self.depth = 0
        self._line = 1
        self._counted = 0

    @property
    def blank(self) -> bool:
        return not self.text.strip()

    def line(self, at: int) -> int:
        """The line of an offset. Offsets mostly ask in order, so only what lies between is counted."""
        if at < self._counted:
            return self.text.count("\n", 0, at) + 1
        self._line += self.text.count("\n", self._counted, at)
        self._counted = at
        return self._line

    def value(self) -> Any:
        try:
            value, self.at = _DECODER.raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            raise broken(error.lineno, f"not valid JSON ({error.msg})", self.todo) from error
        except RecursionError as error:
            raise broken(self.line(self.at), "nested too deeply", self.todo) from error
        except ValueError as error:
            raise broken(self.line(self.at), f"not valid JSON ({error})", self.todo) from error
        return value

    def members(self) -> Iterator[tuple[str, int]]:
        """Yield each key of the object at hand with its line."""
        yield from self._within("{", "}", self._members)

    def items(self) -> Iterator[int]:
        """Yield the line of each item of the array at hand."""
        yield from self._within("[", "]", self._items)

    @property
    def mark(self) -> str:
        """The first letter of the value at hand: `{` is an object, `[` an array."""
        return self._peek()

    def _within(self, first: str, last: str, inside: Callable[[], Iterator[_T]]) -> Iterator[_T]:
        if self.depth >= MAX_DEPTH:
            raise broken(self.line(self.at), f"nested more than {MAX_DEPTH} deep", self.todo)
        self.depth += 1
        self._take(first)
        if self._peek() == last:
            self.at += 1
        else:
            yield from inside()
        self.depth -= 1

    def finish(self) -> None:
        """Raise BrokenData when something follows the value."""
        if self._skip(self.at) != len(self.text):
            raise broken(self.line(self.at), "something follows the end of the JSON value", self.todo)

    def _members(self) -> Iterator[tuple[str, int]]:
        while True:
            if self._peek() != '"':
                raise broken(self.line(self.at), "not valid JSON (a key was expected)", self.todo)
            start = self.at
            key = str(self.value())
            self._take(":")
            self.at = before = self._skip(self.at)
            yield key, self.line(start)
            if self.at == before:
                self.value()
            if self._ends("}"):
                return

    def _items(self) -> Iterator[int]:
        while True:
            self.at = before = self._skip(self.at)
            yield self.line(before)
            if self.at == before:
                self.value()
            if self._ends("]"):
                return

    def _ends(self, last: str) -> bool:
        """Step over what follows a value: whether it is the end of what holds it, or a comma."""
        mark = self._peek()
        self.at += 1
        if mark not in (",", last):
            raise broken(self.line(self.at - 1), f"not valid JSON (a comma or {last} was expected)", self.todo)
        return mark == last

    def _peek(self) -> str:
        self.at = self._skip(self.at)
        return self.text[self.at : self.at + 1]

    def _take(self, mark: str) -> None:
        if self._peek() != mark:
            raise broken(self.line(self.at), f"not what the format asks for ({mark} was expected)", self.todo)
        self.at += 1

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at


def _strict(text: str) -> str:
    """The same without what JSON does not know; every line stays where it is."""
    uncommented = _RELAXED.sub(
        lambda found: found[1] or ("," if found[0] == "," else "\n" * found[0].count("\n")), text
    )
    return _RELAXED.sub(lambda found: found[1] or "", uncommented)


class Named(NamedTuple):
    """What a file about one package says of it: empty where it is no string, and the line of its name."""

    name: str
    version: str
    line: int
    licence: str


def named(file: File, todo: str) -> Named:
    """Of a file about one package. Raises BrokenData."""
    cursor = Cursor(file, todo)
    said: dict[str, object] = {}
    line = 1
    for key, at in cursor.members():
        if key in _NAMED:
            said[key] = cursor.value()
            line = at if key == "name" else line
    cursor.finish()
    licence = licence_of(said.get("license") or said.get("licenses"))
    return Named(string(said.get("name")), string(said.get("version")), line, licence)
