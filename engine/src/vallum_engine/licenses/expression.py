"""SPDX licence expressions: read, put in one form, written again.

https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/. Ids and operators are read without case and written as SPDX does;
what SPDX gave up is written as it is today (`GPL-2.0+` is `GPL-2.0-or-later`). WITH binds before AND, AND before OR.

The grammar has four rules, and a scan meets hostile ones: this reader is linear, holds brackets to a depth and an expression to
a length. `license-expression` was looked at: it needs 120 ms to load its list, which is older than SPDX's, and knows no limits.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from vallum_engine.errors import BrokenData
from vallum_engine.licenses.known import Category, listed
from vallum_engine.values import immutable

MOST_LETTERS = 1 << 20
MOST_DEPTH = 50
"""Brackets in brackets. Real expressions have three."""

_TOKEN = re.compile(r"[()]|[^\s()]+")
_REFERENCE = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?(?:LicenseRef|AdditionRef)-[A-Za-z0-9.-]+")
_SPECIAL = {"noassertion": "NOASSERTION", "none": "NONE"}
_OPERATORS = frozenset({"and", "or", "with"})
REFUSES = frozenset({"LicenseRef-UNLICENSED", "LicenseRef-Proprietary"})
"""Ours for what grants nothing: npm's word for it, and others'."""
OPEN = frozenset({"LicenseRef-BSD", "LicenseRef-Public-Domain", "LicenseRef-Permissive"})
"""Ours for what is known to be permissive, though not by which text."""


@immutable(order=True)
class Term:
    """One licence, with an exception or without. `plus`: this version or a later one, where no id says so."""

    id: str
    plus: bool = False
    exception: str = ""

    @property
    def category(self) -> Category:
        """What it asks for. An exception that frees what is linked makes strong copyleft weak."""
        known = listed()
        found = known.licences.get(self.id.lower())
        if found is None:
            return _of_reference(self.id)
        if found.category is Category.STRONG_COPYLEFT and self.exception in known.freeing:
            return Category.WEAK_COPYLEFT
        return found.category

    def __str__(self) -> str:
        return self.id + ("+" if self.plus else "") + (f" WITH {self.exception}" if self.exception else "")


@immutable
class All:
    """All of them hold at once."""

    parts: tuple["Expression", ...]

    def __str__(self) -> str:
        return " AND ".join(f"({part})" if isinstance(part, Any) else str(part) for part in self.parts)


@immutable
class Any:
    """Whoever uses it chooses one."""

    parts: tuple["Expression", ...]

    def __str__(self) -> str:
        return " OR ".join(str(part) for part in self.parts)


Expression = Term | All | Any


def every(parts: Iterable[Expression]) -> Expression:
    """All of these, flat and each once; one alone is itself. At least one is needed."""
    flat = _flat(parts, All)
    return flat[0] if len(flat) == 1 else All(parts=flat)


def either(parts: Iterable[Expression]) -> Expression:
    """A choice of these, likewise."""
    flat = _flat(parts, Any)
    return flat[0] if len(flat) == 1 else Any(parts=flat)


def _flat(parts: Iterable[Expression], kind: type[All] | type[Any]) -> tuple[Expression, ...]:
    within = (inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,)))
    return tuple(dict.fromkeys(within))


def terms(expression: Expression) -> Iterator[Term]:
    """Every licence in it, as they stand there."""
    if isinstance(expression, Term):
        yield expression
    else:
        for part in expression.parts:
            yield from terms(part)


def category(expression: Expression) -> Category:
    """What it comes to: of all the one that asks most, of a choice the one that asks least."""
    if isinstance(expression, Term):
        return expression.category
    choose = max if isinstance(expression, All) else min
    return choose((category(part) for part in expression.parts), key=lambda one: one.rank)


def parse(text: str) -> Expression:
    """Raises BrokenData, saying where: for what is no expression, unknown ids among it, and for what is too long or too deep."""
    if len(text) > MOST_LETTERS:
        raise BrokenData(f"A licence expression of {len(text):,} letters is longer than {MOST_LETTERS:,}.")
    return _Reader(_TOKEN.findall(text)).whole()


class _Reader:
    """By recursive descent, which goes as deep as the brackets do."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def whole(self) -> Expression:
        found = self.choice()
        if self.at < len(self.tokens):
            raise self.wrong("the end")
        return found

    def choice(self) -> Expression:
        return either(self.joined("or", self.joint))

    def joint(self) -> Expression:
        return every(self.joined("and", self.one))

    def joined(self, operator: str, read: Callable[[], Expression]) -> list[Expression]:
        found = [read()]
        while self.peek() == operator:
            self.at += 1
            found.append(read())
        return found

    def one(self) -> Expression:
        if self.peek() != "(":
            return self.term()
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise BrokenData(f"Brackets of a licence expression are nested more than {MOST_DEPTH} deep.")
        self.at += 1
        found = self.choice()
        if self.peek() != ")":
            raise self.wrong("a closing bracket")
        self.at += 1
        self.depth -= 1
        return found

    def term(self) -> Expression:
        word = self.tokens[self.at] if self.at < len(self.tokens) else ""
        found = None if word.lower() in _OPERATORS else licence(word)
        if found is None:
            raise self.wrong("a licence of SPDX's list or a LicenseRef-…")
        self.at += 1
        if self.peek() != "with":
            return found
        self.at += 1
        named = self.tokens[self.at] if self.at < len(self.tokens) else ""
        exception = listed().exceptions.get(named.lower()) or (named if _REFERENCE.fullmatch(named) else "")
        if not exception or not isinstance(found, Term) or found.exception:
            raise self.wrong("an exception of SPDX's list")
        self.at += 1
        return Term(id=found.id, plus=found.plus, exception=exception)

    def peek(self) -> str:
        return self.tokens[self.at].lower() if self.at < len(self.tokens) else ""

    def wrong(self, expected: str) -> BrokenData:
        met = f"{self.tokens[self.at]!r:.60}" if self.at < len(self.tokens) else "its end"
        return BrokenData(f"A licence expression has {met} where {expected} was expected.")


@lru_cache(maxsize=4096)
def licence(word: str) -> Expression | None:
    """The licence of this id, in today's form; None for what is none."""
    if word.lower() in _SPECIAL:
        return Term(id=_SPECIAL[word.lower()])
    if _REFERENCE.fullmatch(word):
        return Term(id=word)
    known = listed().licences
    found, plus = known.get(word.lower()), False
    if found is None and word.endswith("+"):
        found, plus = known.get(word[:-1].lower()), True
    if found is None:
        return None
    if " WITH " in found.current:
        name, _, exception = found.current.partition(" WITH ")
        return Term(id=name, exception=exception)
    return _versioned(found.current or found.id, plus=plus)


def _versioned(name: str, *, plus: bool) -> Term:
    """`+` as the licences of the FSF say it in their ids."""
    if plus and name.endswith("-or-later"):
        return Term(id=name)
    if plus and name.endswith("-only"):
        return Term(id=f"{name.removesuffix('-only')}-or-later")
    return Term(id=name, plus=plus)


def _of_reference(name: str) -> Category:
    if name in REFUSES or name == "NONE":
        return Category.PROPRIETARY
    return Category.PERMISSIVE if name in OPEN else Category.UNKNOWN
