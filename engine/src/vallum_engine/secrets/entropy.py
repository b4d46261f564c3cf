"""How random a value looks."""

from collections import Counter
from functools import lru_cache
from math import log2

# The pairs of letters that make up most of English text and of identifiers; a random string holds a fifth of them.
_PAIRS = frozenset(
    b"ab ac ad ag ai al am an ap ar as at au av ay ba be bi bl bo bu ca ce ch ci ck cl co ct cu da de di do du ea ec ed ee "
    b"ef ei el em en ep er es et ev ew ex ey fa fe fi fo fr ga ge gh gi gr ha he hi ho ht ia ic id ie if ig il im in io ir "
    b"is it iv iz ke ki la ld le li ll lo lt lu ly ma me mi mm mo mp na nc nd ne ng ni nn no ns nt ob oc od of og ok ol om "
    b"on oo op or os ot ou ov ow pa pe pl po pr pt ra rd re ri rm rn ro rs rt ru ry sa se sh si so sp ss st su sw ta te th ti "
    b"to tr ts tt tu ty ul um un up ur us ut va ve vi wa we wi wo wr yo ys".split()
)
WORDLIKE = 0.6
_ENOUGH_PAIRS = 7


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
    """Whether the value is made of words rather than of noise, judged by its pairs of letters."""
    lowered = value.lower()
    letters = [lowered[i : i + 2] for i in range(len(lowered) - 1) if lowered[i : i + 2].isalpha()]
    if len(letters) < _ENOUGH_PAIRS:
        return False
    return sum(pair in _PAIRS for pair in letters) / len(letters) >= WORDLIKE
