"""Whom a mail goes to. The outbox keeps a keyed digest of the address, by which the same mailbox is known again."""

from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An address, and whose account it belongs to, where it does."""

    address: str
    person: UUID | None = None


def digest(address: str) -> bytes:
    """Addresses are few enough to be tried, so it is keyed; the key is never rotated, so that an opt-out outlives it."""
    secret = blake2b(settings.FINGERPRINT_KEY.encode(), person=b"vallum mail").digest()
    return blake2b(address.strip().lower().encode("utf-8", "surrogatepass"), key=secret, digest_size=16).digest()
