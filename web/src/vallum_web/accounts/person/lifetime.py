"""How long a session may live: seven days in all, twelve hours without use. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

ABSOLUTE: Final = timedelta(days=7)
IDLE: Final = timedelta(hours=12)
# The last use is kept to the minute: a write a request would cost more than it tells.
NOTED_EVERY: Final = timedelta(minutes=1)


class Standing(Enum):
    """What becomes of a session that somebody uses."""

    GOES_ON = "goes on"
    TO_NOTE = "goes on, and its use is to be written down"
    IDLE = "was not used for twelve hours"
    OLD = "was begun seven days ago"

    @property
    def is_over(self) -> bool:
        return self in {Standing.IDLE, Standing.OLD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """When a session began, and when it was last seen in use."""

    began: datetime
    seen: datetime

    def at(self, now: datetime) -> Standing:
        if now - self.began >= ABSOLUTE:
            return Standing.OLD
        if now - self.seen >= IDLE:
            return Standing.IDLE
        return Standing.TO_NOTE if now - self.seen >= NOTED_EVERY else Standing.GOES_ON


def oldest_alive(now: datetime) -> tuple[datetime, datetime]:
    """Sessions begun before the first, or last used before the second, are over."""
    return now - ABSOLUTE, now - IDLE
