"""What leaves for a storage, in the platform's ledger: one row for each run and host, not one for each chunk."""

import threading
from collections import defaultdict
from dataclasses import replace
from types import TracebackType
from typing import Self

from vallum_guard.http import Route
from vallum_guard.ledger import Departure
from vallum_web.tenancy import egress

_FLUSHED_AFTER = 500


class Tally:
    """Sums up; writes at the end and now and then, so that a kill hides little."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[tuple[str, str | None, bool], Departure] = {}
        self._counts: dict[tuple[str, str | None, bool], int] = defaultdict(int)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()

    def route(self) -> Route:
        return replace(egress.platform_route(), ledger=self.add)

    def add(self, left: Departure) -> None:
        key = (left.party_host, left.address, left.ok)
        with self._lock:
            before = self._sums.get(key)
            self._sums[key] = (
                left
                if before is None
                else replace(
                    before,
                    sent_bytes=before.sent_bytes + left.sent_bytes,
                    received_bytes=before.received_bytes + left.received_bytes,
                )
            )
            self._counts[key] += 1
            full = self._counts[key] >= _FLUSHED_AFTER
        if full:
            self.flush()

    def flush(self) -> None:
        with self._lock:
            sums, self._sums, self._counts = self._sums, {}, defaultdict(int)
        for left in sums.values():
            egress.platform_ledger(left)
