"""What is unusual of an export, seen against what was exported before. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from vallum_web.accounts.abuse.rules import Unusual

TIMES = 10
FLOOR = 5_000
"""Findings within an hour below which nothing is far more than usual."""
LEAST_HOURS = 3
"""Of fewer hours there is nothing usual of somebody: those of the whole organization stand in,"""
LEAST_OF_ALL = 10
"""where these are not too few as well,"""
TWICE = 2
"""and more than so many times the most that anybody took in one of them speaks then."""
NEW_FOR = timedelta(hours=24)
NEW_FLOOR = 1_000
"""Findings that a new owner may export as anybody may: a report for the first meeting."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What somebody wants to take, all told with what they took within the hour before. `rows` None: everything there is."""

    rows: int | None
    own: Sequence[int]
    """Rows of each earlier hour in which they, or this token, exported."""
    everybody: Sequence[int]
    owner_for: timedelta | None
    """How long ago whoever asks was made an owner by somebody; None where it was not lately."""
    shortened: bool
    """Whether they had findings kept for less time within the last day."""


def hours(taken: Iterable[tuple[UUID, datetime, int]]) -> dict[UUID, list[int]]:
    """Rows by who took them and by the hour, the earliest first. `taken`: in the order of time."""
    sums: dict[UUID, dict[datetime, int]] = defaultdict(lambda: defaultdict(int))
    for who, at, rows in taken:
        sums[who][at.replace(minute=0, second=0, microsecond=0)] += rows
    return {who: list(own.values()) for who, own in sums.items()}


def judge(export: Export) -> Unusual | None:
    """The first rule that speaks: an export is held once, however many would."""
    return _new_owner(export) or _deleting(export) or _many(export)


def _new_owner(export: Export) -> Unusual | None:
    if export.owner_for is None or export.owner_for > NEW_FOR:
        return None
    if export.rows is not None and export.rows <= NEW_FLOOR:
        return None
    since = int(export.owner_for / HOUR)
    rows = 0 if export.rows is None else export.rows
    what = "a copy of everything" if export.rows is None else f"{rows:,} findings"
    return Unusual(
        rule="export_new",
        words=f"Somebody who was made an owner {since} hours ago exports {what}. A copy of everything, or more than "
        f"{NEW_FLOOR:,} findings, within {int(NEW_FOR / HOUR)} hours raises this.",
        figures={"hours": since, "rows": rows, "bound": NEW_FLOOR},
    )


def _deleting(export: Export) -> Unusual | None:
    if not export.shortened:
        return None
    return Unusual(
        rule="export_delete",
        words="Somebody had findings kept for less time, and exports within a day of it. Both by one person within 24 hours raise this.",
        figures={"hours": 24},
    )


def _many(export: Export) -> Unusual | None:
    is_known = len(export.own) >= LEAST_HOURS
    before = export.own if is_known else export.everybody
    if export.rows is None or len(before) < (LEAST_HOURS if is_known else LEAST_OF_ALL):
        return None
    usual, most = int(median(before)), max(before)
    bound = max(FLOOR, TIMES * usual, 0 if is_known else TWICE * most)
    if export.rows <= bound:
        return None
    whose = "their own" if is_known else "everybody's"
    return Unusual(
        rule="export_many",
        words=f"With this export it would be {export.rows:,} findings within an hour; usual, as the median of {whose} "
        f"{len(before)} hours with exports in 90 days, are {usual:,}, and the most were {most:,}. More than {bound:,} raise this.",
        figures={"rows": export.rows, "usual": usual, "most": most, "hours": len(before), "bound": bound},
    )
