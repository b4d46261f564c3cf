"""A limit of requests in a window of time, by the machine's clock: nothing that a test moves."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """`reset` is whole seconds to the next window."""

    fits: bool
    limit: int
    left: int
    reset: int


@dataclass(kw_only=True)
class Rate:
    limit: int
    window: float = 1
    clock: Callable[[], float] = time.monotonic
    _started: float = float("-inf")
    _used: int = 0
    _lock: Any = field(default_factory=threading.Lock)

    def take(self) -> Room:
        with self._lock:
            now = self.clock()
            if now - self._started >= self.window:
                self._started, self._used = now, 0
            self._used += 1
            reset = max(1, ceil(self._started + self.window - now))
            return Room(
                fits=self._used <= self.limit, limit=self.limit, left=max(0, self.limit - self._used), reset=reset
            )
