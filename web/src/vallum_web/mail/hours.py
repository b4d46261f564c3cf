"""Quiet hours: when a mail that can wait may go to somebody who sleeps. Pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(name: str) -> ZoneInfo:
    """The zone of this name; UTC where the machine knows none of it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def free_at(now: datetime, name: str, begin: time | None, end: time | None) -> datetime:
    """The present, or the end of the quiet hours that it falls into. Both bounds are local; equal or absent ones mean none.

    Hours that span midnight belong to the evening they begin in. A bound that the change of clocks skips or doubles is
    read as the earlier of the two.
    """
    if begin is None or end is None or begin == end:
        return now
    here = zone(name)
    local = now.astimezone(here)
    clock = local.time().replace(tzinfo=None)
    if begin < end:
        is_quiet, day = begin <= clock < end, local.date()
    else:
        is_quiet, day = clock >= begin or clock < end, local.date() + timedelta(days=clock >= begin)
    if not is_quiet:
        return now
    return max(now, datetime.combine(day, end, tzinfo=here).astimezone(now.tzinfo))
