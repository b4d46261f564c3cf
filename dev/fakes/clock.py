"""The time of a fake: that of its source, and what it was moved by. It never goes back."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(kw_only=True)
class Clock:
    """`source` tells seconds since 1970: the machine's, or a test's own (`lambda: clock.now().timestamp()`)."""

    source: Callable[[], float] = time.time
    ahead: float = 0

    def __call__(self) -> float:
        return self.source() + self.ahead

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("A clock is moved forward only.")
        self.ahead += seconds

    def iso(self) -> str:
        return iso(self())


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
