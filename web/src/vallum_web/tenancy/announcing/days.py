"""The thirty days, as dates. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

LEAD: Final = timedelta(days=30)
"""What is announced holds no sooner than this after somebody learned of it."""


def begins(day: date) -> datetime:
    """The moment from which on what holds from this day does."""
    return datetime.combine(day, time(), UTC)


def first_day(told_at: datetime) -> date:
    """The first day that begins thirty days after a moment, or later."""
    over = told_at + LEAD
    return over.date() if over == begins(over.date()) else over.date() + timedelta(days=1)


def in_time(told_at: datetime, day: date) -> bool:
    return told_at + LEAD <= begins(day)
