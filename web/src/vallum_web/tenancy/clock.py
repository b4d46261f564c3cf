"""The one clock. Every other module asks it; SQL gets the time as a parameter."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass
class _Followed:
    """A file with the seconds that its clock is ahead. It is read anew when it was written anew."""

    file: Path
    written: int = 0
    ahead: timedelta = timedelta()

    def __call__(self) -> timedelta:
        try:
            written = self.file.stat().st_mtime_ns
        except FileNotFoundError:
            return self.ahead
        if written != self.written:
            self.ahead, self.written = timedelta(seconds=float(self.file.read_text())), written
        return self.ahead


_offset = timedelta()
_followed: _Followed | None = None


def now() -> datetime:
    """The present, in UTC."""
    present = datetime.now(UTC) + _offset  # noqa: TID251 - this is the clock
    return present + _followed() if _followed else present


def follow(file: Path | None) -> None:
    """Be ahead as far as another clock that people move: that of the demo's stand-ins. None: no longer."""
    global _followed  # noqa: PLW0603 - one clock per process is the point
    _followed = _Followed(file) if file else None


def ahead() -> timedelta:
    """How far the clock that is followed is ahead."""
    return _followed() if _followed else timedelta()


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
