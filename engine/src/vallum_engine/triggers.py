"""One Vectorscan database for every detector's triggers, so that a file without triggers never reaches Python code."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from vallum_engine.detector import Hit


class Database(Protocol):
    """Compiled triggers, ready to scan."""

    def hits(self, data: bytes) -> Mapping[int, Sequence[Hit]]:
        """The hits in one file by the detector's position; empty (falsy) when nothing matched. Hits in order of `end`."""
        ...
