"""Live figures: numbers that say whether a sentence of the privacy policy is true here and now.

Each app declares its own in `figures.py` beside its models; they are found as jobs are. An hourly job stores them, and the
public page only reads what was stored.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.module_loading import autodiscover_modules

from vallum_web.tenancy import lookups
from vallum_web.tenancy.scope import scope

Query = Callable[[], float | None]


class BrokenFigureError(ValueError):
    """A figure that nothing can be read from; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number, the clauses that it speaks for, and the bounds inside which they are true.

    `query` opens its own scopes and returns None where there is nothing to measure yet, which proves nothing and breaks
    nothing. `words` say what the number counts: "passwords that are not hashed with bcrypt". `unit` follows the number: "days".
    """

    id: str
    clauses: tuple[str, ...]
    words: str
    query: Query
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""
    card: str = ""
    """Shown with others of this title, as a card of its own, beside the clauses that it speaks for."""
    says: tuple[str, ...] = ()
    """Of a figure that is an answer: what 0 means, what 1 means. Shown instead of the number; without bounds it proves nothing."""

    def __post_init__(self) -> None:
        if not self.clauses or not self.words or not (self.says or self.bound):
            raise BrokenFigureError(f"The figure {self.id!r} needs a clause, words, and a bound or what it says.")

    def holds(self, value: float) -> bool:
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)

    @property
    def bound(self) -> str:
        """`at most 0`, as a page says it."""
        ends = (("at least", self.at_least), ("at most", self.at_most))
        return ", ".join(f"{word} {end:g}" for word, end in ends if end is not None)


_found: dict[str, Figure] = {}


def figure(name: str, *clauses: str, words: str, **bounds: Any) -> Callable[[Query], Query]:
    """Declare what a function counts: `@figure("audit-oldest", "PP-4e", words="…", at_most=366, unit="days")`."""

    def register(query: Query) -> Query:
        made = Figure(id=name, clauses=clauses, words=words, query=query, **bounds)
        if name in _found:
            raise BrokenFigureError(f"Two figures are called {name!r}.")
        _found[name] = made
        return query

    return register


def declared() -> tuple[Figure, ...]:
    """Every figure of every installed app, by id."""
    autodiscover_modules("figures")
    return tuple(_found[name] for name in sorted(_found))


def valued(name: str) -> float | None:
    """What a figure says now; None where there is nothing to measure, or no such figure is declared here."""
    autodiscover_modules("figures")
    return _found[name].query() if name in _found else None


def in_every_org(count: Callable[[UUID], float | None]) -> Iterable[float]:
    """What `count` says of each organization, asked inside its scope; None is left out."""
    for org in lookups.all_orgs():
        with scope(org):
            value = count(org)
        if value is not None:
            yield value
