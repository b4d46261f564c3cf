"""The one clock. Every other module asks it; SQL gets the time as a parameter."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_offset = timedelta()


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC) + _offset  # noqa: TID251 - this is the clock


@contextmanager
def travelled(by: timedelta) -> Iterator[None]:
    """Move the clock for a block, in this process: for tests. Blocks nest, and each takes back what it moved."""
    global _offset  # noqa: PLW0603 - one clock per process is the point
    before = _offset
    _offset = before + by
    try:
        yield
    finally:
        _offset = before
