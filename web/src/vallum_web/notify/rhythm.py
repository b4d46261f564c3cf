"""When a rule tells next. Pure."""

from datetime import datetime, time, timedelta

from vallum_web.mail.hours import zone
from vallum_web.notify.models import Rhythm

MORNING = time(8)
"""Local, where the person is; of an organization's rules in UTC."""


def next_at(rhythm: str, now: datetime, place: str) -> datetime | None:
    """The end of the hour or of the day (08:00 there) that `now` is in, always later than it; None where it tells at once."""
    if rhythm == Rhythm.HOURLY:
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if rhythm == Rhythm.DAILY:
        here = zone(place)
        day = now.astimezone(here).date()
        ends = (datetime.combine(day + timedelta(days=n), MORNING, tzinfo=here) for n in range(3))
        return next(end for moment in ends if (end := moment.astimezone(now.tzinfo)) > now)
    return None
