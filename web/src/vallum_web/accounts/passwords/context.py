"""Words that a guesser knows about this person: the product's, their organizations', those of their name and address. Pure."""

import re
from collections.abc import Iterable

PRODUCT = ("vallum",)
SHORTEST = 4
_STANDS_FOR = str.maketrans("0134578@$!", "oleastbasi")
_WORD = re.compile(r"[^\W_]+")


def words(texts: Iterable[str]) -> list[str]:
    """The words to keep out of passwords, the longest first; `.com` and the like are in everybody's."""
    found = set(PRODUCT)
    for text in texts:
        name, at, domain = text.casefold().rpartition("@")
        found.update(_WORD.findall(name if at else text.casefold()))
        found.update(_WORD.findall(domain.rpartition(".")[0]) if at else ())
    return sorted((word for word in found if len(word) >= SHORTEST), key=lambda word: (-len(word), word))


def within(password: str, known: Iterable[str]) -> str | None:
    """The first of these words that the password holds, also where digits stand for its letters."""
    text = password.casefold()
    forms = (text, text.translate(_STANDS_FOR))
    return next((word for word in known if any(word in form for form in forms)), None)
