"""Who has to be told of a breach within which time, and when operators are reminded. Pure.

The policy promises 72 hours to authorities and people alike; the law asks that of the authority (GDPR, Article 33) and "without undue
delay" for people (Article 34). The clocks of downloadable software are those of Regulation (EU) 2024/2847, Article 14.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Runs from when the breach was known, or (`after_fix`) from when there is a remedy. `rungs`: hours at which operators are told."""

    title: str
    hours: int
    rungs: tuple[int, ...]
    after_fix: bool = False
    of_software: bool = False


_THREE_DAYS = (24, 48, 60, 72)
CLOCKS: Mapping[str, Clock] = MappingProxyType(
    {
        "authority": Clock(title="The data protection authority", hours=72, rungs=_THREE_DAYS),
        "people": Clock(title="The people whose data it is", hours=72, rungs=_THREE_DAYS),
        "customers": Clock(title="The organizations whose data it is", hours=72, rungs=_THREE_DAYS),
        "early": Clock(title="Software: early warning to the CSIRT", hours=24, rungs=(12, 20, 24), of_software=True),
        "full": Clock(title="Software: notification to the CSIRT", hours=72, rungs=_THREE_DAYS, of_software=True),
        "final": Clock(
            title="Software: final report to the CSIRT",
            hours=336,
            rungs=(240, 312, 336),
            after_fix=True,
            of_software=True,
        ),
    }
)
OF_DATA = tuple(name for name, clock in CLOCKS.items() if not clock.of_software)
OF_SOFTWARE = tuple(name for name, clock in CLOCKS.items() if clock.of_software)


def began(what: str, aware: datetime, fixed: datetime | None) -> datetime | None:
    """From when this clock runs; None: not yet."""
    return fixed if CLOCKS[what].after_fix else aware


def due(what: str, aware: datetime, fixed: datetime | None) -> datetime | None:
    start = began(what, aware, fixed)
    return start + timedelta(hours=CLOCKS[what].hours) if start else None


def rung(what: str, start: datetime | None, now: datetime) -> int:
    """The last of the hours at which operators are told that is over; 0: none yet."""
    if start is None:
        return 0
    return max((hours for hours in CLOCKS[what].rungs if start + timedelta(hours=hours) <= now), default=0)
