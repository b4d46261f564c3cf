"""What can become of handing a mail over. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """It was taken, and by which id the other side knows it."""

    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It was not taken, and never will be."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Not now. `doubtful`: it may have been taken all the same."""

    why: str
    doubtful: bool
    after: timedelta | None = None
    """As long as the other side asks for."""


Outcome = Taken | Refused | Later


class Next(Enum):
    """What is to be done with a mail that was handed over without an answer."""

    AGAIN = "again"
    GIVE_UP = "give up"


def after_doubt(now: datetime, since: datetime, window: timedelta, *, may_repeat: bool) -> Next:
    """Within `window` the other side knows a repeated mail by its key; later only what does no harm is repeated."""
    return Next.AGAIN if may_repeat or now - since < window else Next.GIVE_UP


def pause(attempts: int, *, first: timedelta, chance: float) -> timedelta:
    """Twice as long after each attempt, up to an hour, spread by half so that not all come back at once."""
    wait: timedelta = min(first * 2 ** min(attempts - 1, 16), timedelta(hours=1))
    return wait * (0.75 + chance / 2)
