"""SPDX's list of licences and exceptions, and what each asks for (`ids.tsv`, made by `python -m dev.licences`)."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

from vallum_engine.values import immutable

TABLE = Path(__file__).with_name("ids.tsv")


class Category(StrEnum):
    """What a licence asks of who ships the code or offers it as a service; from the least to the most."""

    PERMISSIVE = "permissive"
    WEAK_COPYLEFT = "weak copyleft"
    STRONG_COPYLEFT = "strong copyleft"
    NETWORK_COPYLEFT = "network copyleft"
    PROPRIETARY = "proprietary"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """0 for permissive: larger asks for more. What is not known may ask for anything."""
        return _RANK[self]


_RANK = {category: rank for rank, category in enumerate(Category)}


@immutable
class Licence:
    """An id of the list. `current` is what says the same today, of one that SPDX gave up; else empty."""

    id: str
    category: Category
    current: str


@immutable
class List:
    """Both parts of the list, by their ids in lower case: ids are compared without case."""

    licences: Mapping[str, Licence]
    exceptions: Mapping[str, str]
    freeing: frozenset[str]
    """Exceptions under which strong copyleft ends at the work itself."""


@cache
def listed() -> List:
    """The list, read when it is first asked for."""
    rows = [line.split("\t") for line in TABLE.read_text("ascii").splitlines()]
    return List(
        licences={
            name.lower(): Licence(id=name, category=Category(asks), current=current)
            for kind, name, asks, current in rows
            if kind == "licence"
        },
        exceptions={name.lower(): name for kind, name, _, _ in rows if kind == "exception"},
        freeing=frozenset(name for kind, name, asks, _ in rows if kind == "exception" and asks),
    )
