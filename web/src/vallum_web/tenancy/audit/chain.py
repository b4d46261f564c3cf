"""How an entry becomes a hash that holds the one before it: pure, and simple enough to be written again by a reader.

docs/audit.md has the recipe for whoever verifies an export without us.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

FORMAT = "vallum audit entry 1"
BEGINNING = bytes(32)
"""What the first entry names as the hash before it."""


class Link(NamedTuple):
    """What the hash of an entry covers, in its order. A named tuple: it is what a cursor gives, hundreds of thousands of times."""

    org: UUID
    seq: int
    id: UUID
    at: datetime
    kind: str
    subject: UUID
    actor: UUID | None
    actor_kind: str
    via: UUID | None
    sealed_sha256: bytes
    facts: str
    previous: bytes


def parts(link: Link) -> dict[str, str]:
    """The covered values as the texts that are hashed: the same in an export."""
    return {
        "org": str(link.org),
        "seq": str(link.seq),
        "id": str(link.id),
        "at": link.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "kind": link.kind,
        "subject": str(link.subject),
        "actor": str(link.actor or ""),
        "actor_kind": link.actor_kind,
        "via": str(link.via or ""),
        "sealed_sha256": link.sealed_sha256.hex(),
        "facts": link.facts,
        "previous": link.previous.hex(),
    }


def digest(link: Link) -> bytes:
    """SHA-256 over one line for the format and one for each value. No value holds a line's end: facts are ASCII JSON."""
    return sha256("\n".join((FORMAT, *parts(link).values())).encode()).digest()


def written(facts: Mapping[str, Any]) -> str:
    """Facts as the one text that stands for them."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def seal_digest(sealed: str) -> bytes:
    """What the chain keeps of the sealed text; nothing, where there is none."""
    return sha256(sealed.encode()).digest() if sealed else b""
