"""What the provider tells of a mail, read from its webhooks. Pure. Nothing of whom it went to is taken over."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

TAG = "outbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`kind` as the provider names it (`email.bounced`); `message` is our own number, where it came back."""

    kind: str
    message: UUID | None = None
    provider_id: str = ""
    for_good: bool = False
    """Of a mail that came back: the address will not work tomorrow either."""


def read(body: bytes) -> Event:
    """Of what cannot be read, an event of the kind `unreadable`: it was signed, so it is known, and means nothing."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return Event(kind="unreadable")
    kind, data = (told.get("type"), told.get("data")) if isinstance(told, dict) else (None, None)
    if not _word(kind) or not isinstance(data, dict):
        return Event(kind="unreadable")
    bounce = data.get("bounce")
    return Event(
        kind=_word(kind)[:40],
        message=_ours(data.get("tags")),
        provider_id=_word(data.get("email_id"))[:80],
        for_good=isinstance(bounce, dict) and bounce.get("type") == "Permanent",
    )


def _word(told: Any) -> str:
    """What the provider calls something; empty for anything that is no such name, which a database may not take either."""
    return told if isinstance(told, str) and told.isascii() and told.isprintable() else ""


def _ours(tags: Any) -> UUID | None:
    """Tags come as an object or, as they are sent, as a list of pairs."""
    if isinstance(tags, list):
        tags = {
            tag.get("name"): tag.get("value")
            for tag in tags
            if isinstance(tag, dict) and isinstance(tag.get("name"), str)
        }
    found = tags.get(TAG) if isinstance(tags, dict) else None
    try:
        return UUID(found) if isinstance(found, str) else None
    except ValueError:
        return None
