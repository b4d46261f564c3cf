"""How random a value looks."""

from collections import Counter
from functools import lru_cache
from math import comb, log2

from vallum_engine.compiling import expression

# Texts, not compiled, as in `context`: the smallest alphabet that holds a whole value is the one it was drawn from.
_ALPHABETS = (
    (rb"[0-9]+", 10, "digits"),
    (rb"[0-9a-f-]+|[0-9A-F-]+", 16, "hexadecimal"),
    (rb"[A-Z2-7]+=*", 32, "base32"),
    (rb"[0-9a-z]+|[0-9A-Z]+", 36, "letters of one case and digits"),
    (rb"[0-9A-Za-z]+", 62, "base62"),
    (rb"[0-9A-Za-z+/]+=*|[0-9A-Za-z_-]+=*", 64, "base64"),
)
_ANY = (94, "printable characters")

# The pairs of letters that make up most of English text and of identifiers; a random string holds a fifth of them.
_PAIRS = frozenset(
    b"ab ac ad ag ai al am an ap ar as at au av ay ba be bi bl bo bu ca ce ch ci ck cl co ct cu da de di do du ea ec ed ee "
    b"ef ei el em en ep er es et ev ew ex ey fa fe fi fo fr ga ge gh gi gr ha he hi ho ht ia ic id ie if ig il im in io ir "
    b"is it iv iz ke ki la ld le li ll lo lt lu ly ma me mi mm mo mp na nc nd ne ng ni nn no ns nt ob oc od of og ok ol om "
    b"on oo op or os ot ou ov ow pa pe pl po pr pt ra rd re ri rm rn ro rs rt ru ry sa se sh si so sp ss st su sw ta te th ti "
    b"to tr ts tt tu ty ul um un up ur us ut va ve vi wa we wi wo wr yo ys".split()
)
_PAIR = rb"(?=([a-z]{2}))"
"""Each two letters in a row, those that overlap too."""
WORDLIKE = 0.6
CHANGING = 0.25
"""How often letters and digits follow each other in noise at least: base 16 has 0.47 a character, base 62 has 0.27, names next to none."""
_ENOUGH_PAIRS = 7
_TELLING = 1_000
"""Characters that tell: keys of ten thousand are noise from the first one on."""


_TERMS = [0.0, *(count * log2(count) for count in range(1, 256))]


@lru_cache(maxsize=4)  # one value is asked for several times in a row
def shannon(value: bytes) -> float:
    """Bits per byte, from the value's own frequencies."""
    size = len(value)
    if not size:
        return 0.0
    terms = sum(_TERMS[n] if n < len(_TERMS) else n * log2(n) for n in Counter(value).values())
    return log2(size) - terms / size


def wordlike(value: bytes) -> bool:
    """Whether the value is made of words rather than of noise, judged by the pairs of letters of its beginning."""
    lowered = value[:_TELLING].lower()
    if _changes(lowered) >= CHANGING * len(lowered):
        return False  # a hash behind a short prefix: of its six letters many are pairs of words by chance
    pairs: list[bytes] = expression(_PAIR).findall(lowered)
    if len(pairs) < _ENOUGH_PAIRS:
        return False
    return sum(map(_PAIRS.__contains__, pairs)) / len(pairs) >= WORDLIKE


def _changes(lowered: bytes) -> int:
    return len(expression(rb"[a-z](?=[0-9])|[0-9](?=[a-z])").findall(lowered))


@lru_cache(maxsize=16)
def alphabet(value: bytes) -> tuple[int, str]:
    """How many characters the smallest usual alphabet has that the value is written in, and its name."""
    for pattern, size, name in _ALPHABETS:
        if expression(pattern).fullmatch(value):
            return size, name
    return _ANY


@lru_cache(maxsize=256)
def expected(length: int, symbols: int) -> float:
    """The mean of `shannon` over random values of so many characters, each of `symbols` as likely.

    Exact: of each symbol, the number of its occurrences is binomially distributed. 16 characters of base62 have 3.8 bits
    on average, 64 have 5.2: no threshold fits both. The standard deviation falls from 0.18 bits at 16 characters to 0.05
    at 150.
    """
    if length < 2:
        return 0.0
    chance = 1 / symbols
    terms = sum(
        comb(length, count) * chance**count * (1 - chance) ** (length - count) * count * log2(count)
        for count in range(2, length + 1)
    )
    return log2(length) - symbols * terms / length
