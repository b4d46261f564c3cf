"""Idempotency keys: the first answer under a key is given again for 24 hours, to the same request alone."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from dev.fakes.loopback import Answer

KEPT: Final = 86_400.0


class OtherRequest(Exception):
    """The key was used for something else."""


class StillAtWork(Exception):
    """The first request under this key has not been answered yet."""


@dataclass(kw_only=True)
class _Kept:
    request: str
    at: float
    answer: Answer | None = None


@dataclass(kw_only=True)
class Repeats:
    now: Callable[[], float]
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.Lock)

    def once(
        self, key: str, request: str, act: Callable[[], Answer], *, keeps: Callable[[Answer], bool]
    ) -> tuple[Answer, bool]:
        """Act, or answer as before; and which of the two it was. An answer that `keeps` refuses leaves the key free."""
        with self._lock:
            known = self._kept.get(key)
            if known and self.now() - known.at < KEPT:
                if known.request != request:
                    raise OtherRequest
                if known.answer is None:
                    raise StillAtWork
                return known.answer, True
            mine = self._kept[key] = _Kept(request=request, at=self.now())
        try:
            answer = act()
            if keeps(answer):
                mine.answer = answer
        finally:
            if mine.answer is None:
                self._kept.pop(key, None)
        return answer, False
