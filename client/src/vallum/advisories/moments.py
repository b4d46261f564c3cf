"""Times as the database writes them: RFC 3339, UTC, whole seconds."""

import os
import time
from datetime import datetime

DAY = 86_400
_MOST_DIGITS = 11
"""Of seconds: until the year 5138, and no platform overflows."""


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def written() -> str:
    """The time for what is written now: SOURCE_DATE_EPOCH, where it is set, makes equal work give equal bytes.

    https://reproducible-builds.org/specs/source-date-epoch/
    """
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not said.isascii() or not said.isdigit() or len(said) > _MOST_DIGITS:
        return now()
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(said)))


def days_since(moment: str) -> int | None:
    """Whole days between the moment and now; None for what is no moment."""
    try:
        then = datetime.fromisoformat(moment).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(int((time.time() - then) // DAY), 0)
