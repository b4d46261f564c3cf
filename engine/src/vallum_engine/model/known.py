"""What was known when packages were matched: of when the advisories are, and how old that was at the time of the scan."""

from collections.abc import Mapping
from typing import Any

from vallum_engine.values import immutable, made

STALE_DAYS = 7
"""Older advisories are warned of: OSV adds hundreds a day."""


@immutable
class Known:
    """The advisories of one scan."""

    as_of: str = ""
    """RFC 3339, UTC: of the oldest archive that they were built from. Empty for the starter set, which is as old as the engine."""
    days: int | None = None
    """Whole days from then to the scan; None where nobody told the time."""
    starter: bool = False
    """Whether it is the small set that comes with the engine."""
    feeds: Mapping[str, str] = made(factory=dict)
    """The days that `epss` and `kev` are of; what is missing was not joined."""

    @property
    def sentence(self) -> str:
        """In words for a person, with what to do where they are old; empty for the starter set, of which gaps are told."""
        if self.starter or not self.as_of:
            return ""
        if self.days is None:
            return f"Advisories as of {self.as_of[:10]}."
        age = f"{self.days:,} day{'' if self.days == 1 else 's'} old" if self.days else "today"
        todo = " Run `vallum db update`." if self.days > STALE_DAYS else ""
        return f"Advisories as of {self.as_of[:10]} ({age}).{todo}"


def from_known(known: Known) -> dict[str, Any]:
    return {"as_of": known.as_of, "days": known.days, "starter": known.starter, "feeds": dict(known.feeds)}


def to_known(data: Mapping[str, Any] | None) -> Known | None:
    """None where a report says nothing of them. Raises as a reader of the other values does."""
    if data is None:
        return None
    days = data.get("days")
    return Known(
        as_of=str(data.get("as_of", "")),
        days=None if days is None else int(days),
        starter=data.get("starter") is True,
        feeds={str(name): str(day) for name, day in data.get("feeds", {}).items()},
    )
