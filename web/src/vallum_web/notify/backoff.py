"""When a delivery is tried again, and when a webhook is given up. Pure."""

from datetime import datetime, timedelta

# As Standard Webhooks advises, and a little over three days in all.
PAUSES = (
    timedelta(seconds=10),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
GIVEN_UP_AFTER = timedelta(days=3)
LONGEST_REST = timedelta(minutes=5)


def pause(tries: int) -> timedelta | None:
    """How long to wait after so many failed tries; None: no more."""
    return PAUSES[tries - 1] if tries <= len(PAUSES) else None


def rest(tries: int) -> timedelta:
    """How long a webhook as a whole is left alone after a failure, so that others' turns do not hammer it."""
    return min(pause(tries) or LONGEST_REST, LONGEST_REST)


def given_up(failing_since: datetime, now: datetime) -> bool:
    return now - failing_since >= GIVEN_UP_AFTER
