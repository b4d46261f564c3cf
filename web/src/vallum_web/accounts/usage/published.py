"""What may be told of many organizations together: nothing that leads to one of them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

FEWEST = 5
"""So many organizations have to stand behind a figure."""
MOST_OF_ONE = 0.8
"""No single one makes up more of it."""
STEP = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Both numbers are rounded: of two figures that differ by one organization nobody can take one from the other."""

    orgs: int
    n: int


def over_orgs(counts: Mapping[UUID, int]) -> Figure | None:
    """The sum of what each organization has, or None where too few have any, or one has nearly all."""
    present = [n for n in counts.values() if n > 0]
    total = sum(present)
    if len(present) < FEWEST or max(present) > MOST_OF_ONE * total:
        return None
    return Figure(orgs=len(present) // FEWEST * FEWEST, n=rounded(total))


def rounded(n: int) -> int:
    """To two digits, and never finer than tens."""
    step = max(STEP, int(10 ** (len(str(n)) - 2)))
    return (n + step // 2) // step * step
