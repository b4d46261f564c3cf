"""Keys that sort by the time they were made: UUID version 7 (RFC 9562, section 5.7)."""

import os
import time
from datetime import datetime
from uuid import UUID


def uuid7() -> UUID:
    """48 bits of milliseconds since 1970, then 74 random bits.

    Reads the system's time, not `clock.now()`: a key must be unique, not true, and a travelling test clock would make
    keys of one run collide in order with those of another.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value &= ~(0xF << 76) & ~(0x3 << 62)
    return UUID(int=value | (0x7 << 76) | (0x2 << 62))


def first_of(at: datetime) -> UUID:
    """The least key that was made at this moment or later: rows since then are one range of the index of keys."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
