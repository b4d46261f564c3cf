"""Billing periods: the same day each month, or the month's last where it is shorter; and shares of a period, by the second."""

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

DAY = 86_400


def after(anchor: int, recurring: Mapping[str, Any], times: int) -> int:
    """The moment that many periods after the anchor."""
    start = datetime.fromtimestamp(anchor, UTC)
    count = recurring["interval_count"] * times
    if recurring["interval"] in {"day", "week"}:
        days = count * (7 if recurring["interval"] == "week" else 1)
        return int((start + timedelta(days=days)).timestamp())
    months = start.month - 1 + count * (12 if recurring["interval"] == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def next_end(anchor: int, recurring: Mapping[str, Any], start: int) -> int:
    """The first end of a period after `start`, where periods are counted from the anchor."""
    if anchor > start:
        return anchor
    times = 1
    while (end := after(anchor, recurring, times)) <= start:
        times += 1
    return end


def share(amount: int, start: int, end: int, at: int) -> int:
    """What of an amount falls to the rest of the period, half a unit up."""
    if end <= start:
        return 0
    left = Fraction(amount * (end - min(max(at, start), end)), end - start)
    return int(left + Fraction(1, 2)) if left >= 0 else -int(-left + Fraction(1, 2))
