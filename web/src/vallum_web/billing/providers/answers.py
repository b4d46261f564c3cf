"""What both providers' answers are read with. Pure."""

from datetime import UTC, datetime
from uuid import UUID


def moment(value: object) -> datetime | None:
    """Seconds since 1970; None for nothing, and for zero."""
    return datetime.fromtimestamp(int(value), UTC) if isinstance(value, int | float) and value else None


def uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
