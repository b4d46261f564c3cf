"""Whether one sample of times tends to be longer than another: Mann and Whitney's U, with nothing but the standard library."""

import math
from collections import Counter
from collections.abc import Sequence


def p_value(one: Sequence[float], other: Sequence[float]) -> float:
    """How likely a difference as large as this one is where there is none: two-sided, by the normal approximation.

    With ties corrected, and for continuity. Good from some twenty of each on.
    """
    first, second = len(one), len(other)
    both = sorted([*one, *other])
    ranks = _ranks(both)
    wins = sum(ranks[value] for value in one) - first * (first + 1) / 2
    total = first + second
    ties = sum(count**3 - count for count in Counter(both).values())
    spread = math.sqrt(first * second / 12 * (total + 1 - ties / (total * (total - 1))))
    if spread == 0:
        return 1.0
    distance = max(abs(wins - first * second / 2) - 0.5, 0) / spread
    return math.erfc(distance / math.sqrt(2))


def _ranks(values: Sequence[float]) -> dict[float, float]:
    """Of each value, the middle of the places it takes among the sorted ones."""
    ranks: dict[float, float] = {}
    place = 0
    for value, count in sorted(Counter(values).items()):
        ranks[value] = place + (count + 1) / 2
        place += count
    return ranks
