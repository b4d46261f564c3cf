"""Who has to agree before an authority gets data, and until when nobody may be told. Pure.

Two people agree. Where one alone runs the platform, a day's delay stands for the second, and that is recorded. Where a life is in
danger the first is enough, and the second looks at it afterwards.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

DELAY = timedelta(hours=24)
REVIEWED = timedelta(days=90)
"""A gag without an end is looked at so often."""
TELL_WITHIN = timedelta(hours=24)
LOOKED_AT = timedelta(hours=24)
"""After an emergency a second person looks at it within so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """As the row has it. `operators`: how many there were when the first agreed."""

    first_by: UUID | None
    first_at: datetime | None
    second_by: UUID | None
    operators: int
    emergency: bool = False

    def missing(self, now: datetime) -> str:
        """What is missing before data may be given; empty: nothing."""
        if self.first_at is None:
            return "Nobody has agreed to it yet."
        if self.emergency or self.second_by is not None:
            return ""
        if self.operators > 1:
            return "A second person has to agree to it."
        if now < self.first_at + DELAY:
            return f"One person runs the platform: a day stands for the second, until {self.first_at + DELAY:%Y-%m-%d %H:%M} UTC."
        return ""

    def alone(self, given: datetime, now: datetime) -> bool:
        """Whether what was given then is one person's decision: of an emergency, where nobody else looked at it within a day."""
        unseen = self.emergency and self.second_by is None and given + LOOKED_AT <= now
        return unseen or bool(self.missing(given))


def may_tell(*, gag: bool, until: datetime | None, now: datetime) -> bool:
    """Whether those whom it is about may be told."""
    return not gag or (until is not None and until <= now)


def to_review(*, gag: bool, until: datetime | None, looked_at: datetime, now: datetime) -> bool:
    return gag and until is None and looked_at + REVIEWED <= now
