"""Spans of versions, by the keys that versions sort by."""

from typing import NamedTuple

BEGINNING = b""
UNREADABLE = b"\xff"
"""Starts the key of a version that no order reads: sorts after all others, and equals nothing but itself."""


class Span(NamedTuple):
    """The versions from `low` on, up to `high`: without it where `closed` is false, with it where true.

    Without end where `high` is None. An empty `low` is the beginning of all versions.
    """

    low: bytes
    high: bytes | None
    closed: bool
    fixed: str
    """The version that ends it, as the advisory writes it; empty when none does."""
    standing: str = ""
    """What a distribution says of a flaw that it has not mended (`bulletins.Standing`)."""

    def holds(self, key: bytes) -> bool:
        if key < self.low:
            return False
        return self.high is None or key < self.high or (self.closed and key == self.high)


def raw_key(version: str) -> bytes:
    return UNREADABLE + version.encode("utf-8", "surrogatepass")
