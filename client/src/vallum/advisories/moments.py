"""Times as the database writes them: RFC 3339, UTC, whole seconds."""

import time
from datetime import datetime

DAY = 86_400


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def days_since(moment: str) -> int | None:
    """Whole days between the moment and now; None for what is no moment."""
    try:
        then = datetime.fromisoformat(moment).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(int((time.time() - then) // DAY), 0)
