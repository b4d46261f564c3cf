"""How long ago, in words a reader need not compute with. The caller says what time it is."""

from datetime import date, datetime

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

# Below the limit, in seconds, the distance is told in this unit. Each unit goes on until the next can say at least 2.
_UNITS = (
    (_HOUR, _MINUTE, "minute"),
    (2 * _DAY, _HOUR, "hour"),
    (14 * _DAY, _DAY, "day"),
    (60 * _DAY, 7 * _DAY, "week"),
    (730 * _DAY, 30 * _DAY, "month"),
)
_NOW = 45


def in_words(at: date | datetime, now: datetime) -> str:
    """`3 hours ago`, `in 12 days`; whole days for a date."""
    if isinstance(at, datetime):
        return _distance(int((at - now).total_seconds()))
    days = (at - now.date()).days
    if abs(days) <= 1:
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}[days]
    return _distance(days * _DAY)


def _distance(seconds: int) -> str:
    length = abs(seconds)
    if length < _NOW:
        return "just now"
    unit, name = next(((unit, name) for limit, unit, name in _UNITS if length < limit), (365 * _DAY, "year"))
    number = max(1, length // unit)
    words = f"{number} {name}{'' if number == 1 else 's'}"
    return f"in {words}" if seconds > 0 else f"{words} ago"


def span(seconds: float) -> str:
    """A duration: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `1 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s".removesuffix(" 0 s")
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min".removesuffix(" 0 min")
