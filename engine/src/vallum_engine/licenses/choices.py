"""What the licence files of one package come to: which of them are a choice, and which hold besides."""

import re
from collections.abc import Sequence

from vallum_engine.licenses.expression import Expression, either, every, terms
from vallum_engine.licenses.files import NAME, Said, without_base

_LETTERS = re.compile(r"x11|[a-z]+")
_NO_NAME = frozenset(
    {"copying", "copyright", "html", "lesser", "lib", "licence", "licences", "license", "licenses", "md", "rst", "txt"}
)
"""Of a file's name: words that name no licence."""
_ALSO_CALLED = {"boost": "bsl", "eclipse": "epl", "expat": "mit", "mozilla": "mpl", "x11": "mit"}
_OF_DATA = ("Unicode-",)
"""Licences of tables that a program carries: never its own, and so no part of a choice."""


def together(said: Sequence[Said]) -> Expression | None:
    """A choice of the files that are named after the licence they hold, as is the custom; whatever else is there holds too.

    `LICENSE` or `COPYING` with a licence of its own beside them makes it a sum, unless its words offer the choice.
    """
    told = [(one, one.expression) for one in said if one.expression is not None]
    if not told:
        return None
    named = [expression for one, expression in told if _is_named(one)]
    if len(named) > 1:
        choice = either(named)
        within = set(terms(choice))
        beside = [(one, expression) for one, expression in told if not _is_named(one)]
        own = [expression for one, expression in beside if _is_plain(one) and not within.issuperset(terms(expression))]
        if not own or any(one.offers for one in said):
            rest = [expression for one, expression in beside if not _is_plain(one)]
            return every([choice, *without_base([*own, *rest])])
    return every(without_base(expression for _, expression in told))


def _is_named(one: Said) -> bool:
    """`LICENSE-MIT` that holds the MIT licence, and `UNLICENSE`; not `LICENSE-THIRD-PARTY`, whatever that holds."""
    name = one.path.rpartition("/")[2]
    if not NAME.fullmatch(name) or one.expression is None:
        return False
    ids = [term.id for term in terms(one.expression)]
    if any(found.startswith(_OF_DATA) for found in ids):
        return False
    spoken = [_ALSO_CALLED.get(word, word) for word in _words(name)]
    return any(word in found.lower() for word in spoken for found in ids)


def _is_plain(one: Said) -> bool:
    return not _words(one.path.rpartition("/")[2])


def _words(name: str) -> list[str]:
    """The words of a file's name that may name a licence."""
    return [word for word in _LETTERS.findall(name.lower()) if len(word) > 1 and word not in _NO_NAME]
