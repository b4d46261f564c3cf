"""How an entry becomes a hash that holds the one before it: pure, and simple enough to be written again by a reader.

docs/audit.md has the recipe for whoever verifies an export without us.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

FORMAT = "vallum audit entry 1"
BEGINNING = bytes(32)
"""What the first entry names as the hash before it."""


class Parts(NamedTuple):
    """What the hash of an entry covers, in its order, as the texts that are hashed. An absent id is an empty text."""

    org: str
    seq: str
    id: str
    at: str
    kind: str
    subject: str
    actor: str
    actor_kind: str
    via: str
    sealed_sha256: str
    facts: str
    previous: str


def digest(parts: Parts) -> bytes:
    """SHA-256 over one line for the format and one for each part. No part holds a line's end: facts are ASCII JSON."""
    return sha256("\n".join((FORMAT, *parts)).encode()).digest()


def moment(at: datetime) -> str:
    """A time as it is hashed: `2026-11-25T10:00:00.000000+00:00`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def written(facts: Mapping[str, Any]) -> str:
    """Facts as the one text that stands for them."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def seal_digest(sealed: str) -> bytes:
    """What the chain keeps of the sealed text; nothing, where there is none."""
    return sha256(sealed.encode()).digest() if sealed else b""
