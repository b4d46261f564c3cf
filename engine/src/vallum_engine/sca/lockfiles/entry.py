"""What a lockfile reader yields, and how it says that a file is broken."""

import re
from collections.abc import Mapping
from typing import Any

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.model.package import Package
from vallum_engine.model.text import printable
from vallum_engine.values import immutable

MAX_BYTES = 32 << 20
"""Ten times the largest lockfile met in the wild; above it, reading costs more than the answer is worth."""

MAX_ENTRIES = 250_000
MAX_NAME = 1000
"""Name and version together; registries stop far below it."""

MOST_LICENCE = 4000
"""Letters of a declared licence: expressions of distributions reach a thousand."""
_MOST_CHOICES = 50
_JOINED = re.compile(r"\s(?:and|or)\s", re.IGNORECASE)


@immutable
class Reference:
    """A file that this one includes: relative to the scanned root, with the line that names it."""

    path: str
    line: int


@immutable
class Gap:
    """A line that names something which this reader does not follow: an URL, a folder, or what it cannot read."""

    line: int
    readable: bool


@immutable
class Left:
    """Something that this reader leaves out on purpose, as a profile that may be on or off: `why` ends up in the report."""

    line: int
    why: str
    covered: bool = True
    """Whether leaving it out is the answer. False where packages stand there that could not be read."""


@immutable
class Partial:
    """The file names some of its packages only. What a file that it stands for otherwise says of others counts too."""

    why: str
    """Told where no such file is there."""


@immutable
class Member:
    """A project that the file speaks of: a member of its workspace, or in a manifest the one that it is about.

    By `folder`, relative to the file's own, where `*` stands for one folder and `**` for any number; or by `name`.
    """

    folder: str = ""
    name: str = ""


@immutable
class Asking:
    """What one manifest asks for, as pairs of a name and a range. `folder` is relative to the lockfile's, empty for its own."""

    folder: str
    name: str
    wants: tuple[tuple[str, str], ...]
    dev: tuple[tuple[str, str], ...]

    @property
    def develops_with(self) -> set[str]:
        """The names that it asks for to develop with, and not to run."""
        return {name for name, _ in self.dev} - {name for name, _ in self.wants}


Hashes = dict[tuple[str, str], tuple[str, ...]]
"""By name and version: `sha512:` and hexadecimal digits."""

Entry = Package | Reference | Gap | Left | Partial | Member


def broken(line: int, what: str, todo: str) -> BrokenData:
    """An error in words for a person: where, what, and what to do."""
    return BrokenData(f"line {line}: {what}. {todo}")


def text_of(file: File, todo: str, most: int = MAX_BYTES) -> str:
    """Decode the file, its byte order mark aside. Raises BrokenData for what is too large or not UTF-8."""
    if len(file.data) > most:
        raise broken(1, f"{len(file.data):,} bytes are more than the limit of {most:,}", todo)
    try:
        return file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.data.count(b"\n", 0, error.start) + 1
        raise broken(line, "not UTF-8", todo) from error


def licence_of(value: object, join: str = " OR ") -> str:
    """What a package declares of its licence: words, an object with a `type` or a `name`, or a list of such, put together by `join`.

    On one line and cut at MOST_LICENCE letters: some declare a whole text.
    """
    items = value if isinstance(value, list) else [value]
    said = [
        string(mapping(item).get("type")) or string(mapping(item).get("name")) or string(item)
        for item in items[:_MOST_CHOICES]
    ]
    words = [word for word in (" ".join(text[:MOST_LICENCE].split()) for text in said) if word]
    whole = join.join(f"({word})" if len(words) > 1 and _JOINED.search(word) else word for word in words)
    return printable(whole)[:MOST_LICENCE]


def mapping(value: object) -> Mapping[str, Any]:
    """What a file gives where an object is expected; empty for anything else."""
    return value if isinstance(value, dict) else {}


def string(value: object) -> str:
    """The same of a string."""
    return value if isinstance(value, str) else ""
