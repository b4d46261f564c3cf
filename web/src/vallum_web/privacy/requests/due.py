"""By when a request is to be answered (GDPR, Article 12; Regulation 1182/71 on periods). Pure."""

import calendar
from datetime import datetime

MONTHS = 1
MORE_MONTHS = 2


def later(at: datetime, months: int) -> datetime:
    """The same day of the month so many months later; its last day, where the month has no such day."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)


def due(received: datetime, *, extended: bool = False) -> datetime:
    """One month after it arrived; with the extension, three."""
    return later(received, MONTHS + (MORE_MONTHS if extended else 0))
