"""Keys that sort by the time they were made: UUID version 7 (RFC 9562, section 5.7)."""

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID


def uuid7() -> UUID:
    """48 bits of milliseconds since 1970, 12 of the fraction after them as PostgreSQL's `uuidv7()` has it, 62 random ones.

    So what one process makes in a row is in order, within a millisecond too: the event log is read by its keys.

    Reads the system's time, not `clock.now()`: a key must be unique, not true, and a travelling test clock would make
    keys of one run collide in order with those of another.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    chance = int.from_bytes(os.urandom(8), "big") >> 2
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | ((rest * 4096 // 1_000_000) << 64) | (0x2 << 62) | chance)


def series() -> dict[str, str | int]:
    """For `vallum_key(key, nth + n)`, the nth key of one statement: a key's first 80 bits, and where in the last 48 to count from.

    RFC 9562, section 6.2, method 2. The server's own function asks the kernel for chance for each row, which takes four times as long.
    """
    key = uuid7()
    return {"key": str(key)[:24], "nth": key.int & ((1 << 47) - 1)}


def first_of(at: datetime) -> UUID:
    """The least key that was made at this moment or later: rows since then are one range of the index of keys."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def not_before(at: datetime) -> UUID:
    """No row that says of itself to be made at this moment or later has a lesser key: keys follow the system's clock, the saying ours."""
    return first_of(min(at, datetime.fromtimestamp(time.time(), UTC) - timedelta(days=1)))
