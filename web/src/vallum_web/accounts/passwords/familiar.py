"""What a guesser tries first: a common password, worn as it is or with a little added. Pure.

Lists of common passwords hold few of twelve characters or more; people reach that length by adding to a shorter one. So a
password is taken apart before it is looked up: numbers and signs at its ends go, letters come out from behind the digits
that stand for them, and what is said twice is said once.
"""

import re
from collections.abc import Collection, Iterator

SHORTEST = 4
"""A common password shorter than this says nothing about a longer one that holds it."""
DECORATION = 8
"""More numbers and signs than these at the ends are worth something by themselves."""
ROWS = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm")
_STANDS_FOR = str.maketrans("0134578@$!", "oleastbasi")
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_REPEATED = re.compile(r"(.+?)\1+", re.DOTALL)


def is_familiar(password: str, common: Collection[str]) -> bool:
    """Whether the password is, but for decoration, a common one, two of them, or a walk along the keyboard."""
    return any(
        core in common or _is_walk(core) or _is_two(core, common) for core in _cores(password.casefold().strip())
    )


def _cores(text: str) -> Iterator[str]:
    yield text
    for form in (text, text.translate(_STANDS_FOR)):
        for core in (form, _ENDS.sub("", form)):
            if len(form) - len(core) > DECORATION:
                continue
            repeated = _REPEATED.fullmatch(core)
            short = repeated[1] if repeated else core
            if len(short) >= SHORTEST or repeated:
                yield short


def _is_walk(text: str) -> bool:
    """`2345678901`, `lkjhgfdsa`, or one character again and again."""
    return any(text in line or text in line[::-1] for line in (row * 3 for row in ROWS))


def _is_two(text: str, common: Collection[str]) -> bool:
    cuts = range(SHORTEST, len(text) - SHORTEST + 1)
    return any(text[:cut] in common and text[cut:] in common for cut in cuts)
