"""The rule, in values: the generic cell rate algorithm (GCRA). `store.py` holds the same rule as one SQL statement.

One moment is kept per key: when all that was taken so far will have trickled away. Whoever would push it further into the
future than `room` is refused. No counter, no window whose border lets twice as much through.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`count` in every `period`, evenly; of them `burst` at once after a pause."""

    count: int
    period: timedelta
    burst: int

    @property
    def step(self) -> timedelta:
        """The time that one costs. Rounded down to the microsecond, so that after a whole period `count` fit again."""
        return self.period // self.count

    @property
    def room(self) -> timedelta:
        """How far ahead of the present a key may be."""
        return self.step * self.burst


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one attempt, in a caller's terms."""

    limit: str
    rate: Rate
    allowed: bool
    remaining: int
    """How many would be let through now."""
    reset: timedelta
    """Until nothing of it is used any more."""
    retry_after: timedelta
    """Until the same would be let through; nothing when it was."""
    down: bool = False
    """Nobody could be asked: the limit's own `when_down` decided."""


def judge(rate: Rate, ahead_of: datetime | None, now: datetime, *, cost: int = 1) -> tuple[bool, datetime]:
    """Whether `cost` more are let through, and the moment to keep.

    A moment further ahead than the rate could have brought it was kept by a clock that has gone back since, or under a
    wider rate: it counts as no more than full, so that no wait is longer than it takes to empty what is full.
    """
    start = min(max(ahead_of or now, now), now + rate.room)
    wanted = start + rate.step * cost
    return (True, wanted) if wanted <= now + rate.room else (False, start)


def verdict(limit: str, rate: Rate, kept: tuple[bool, datetime], now: datetime, *, cost: int = 1) -> Verdict:
    """Put `judge`'s two values in a caller's terms."""
    allowed, moment = kept
    used = max(moment - now, timedelta())
    wait = timedelta() if allowed else max(used + rate.step * cost - rate.room, timedelta())
    return Verdict(
        limit=limit,
        rate=rate,
        allowed=allowed,
        remaining=max((rate.room - used) // rate.step, 0),
        reset=used,
        retry_after=wait,
    )
