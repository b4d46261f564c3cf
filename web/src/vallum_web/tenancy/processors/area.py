"""Where the General Data Protection Regulation holds: data stays inside, or a contract goes with it. Pure."""

from collections.abc import Iterable
from typing import Final

_MEMBERS: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_BESIDE: Final = "IS LI NO"
EEA: Final = frozenset(f"{_MEMBERS} {_BESIDE}".split())
"""The European Union, Iceland, Liechtenstein and Norway, by ISO 3166."""


def outside(countries: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(countries) - EEA))
