"""Webhooks signed as Svix does it: an id, a time and the body under one secret. Pure; raises NotGenuine and nothing else."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

START: Final = "whsec_"
SHORTEST: Final = 16
TOLERANCE: Final = timedelta(minutes=5)
"""Both ways: what was sent earlier is a replay, and what comes from the future was made up."""


class NotGenuine(ValueError):
    """It was not signed with our secret, or not lately; the message says nothing of the secret."""


def key_of(secret: str) -> bytes:
    """Raises NotGenuine for a secret that is empty, too short or not written as one."""
    if not secret.startswith(START):
        raise NotGenuine("no signing secret")
    try:
        key = base64.b64decode(secret.removeprefix(START), validate=True)
    except (binascii.Error, ValueError):
        raise NotGenuine("no signing secret") from None
    if len(key) < SHORTEST:
        raise NotGenuine("no signing secret")
    return key


def verified(body: bytes, headers: Mapping[str, str], *, secret: str, now: datetime) -> str:
    """The event's id, by which it is known when it comes again."""
    key = key_of(secret)
    event, sent, given = (headers.get(f"svix-{name}", "") for name in ("id", "timestamp", "signature"))
    if not event or len(event) > 200 or not (sent.isascii() and sent.isdigit() and len(sent) < 13):
        raise NotGenuine("no signature")
    if abs(now.timestamp() - int(sent)) > TOLERANCE.total_seconds():
        raise NotGenuine("not of now")
    signed = f"{event}.{sent}.".encode("utf-8", "surrogatepass") + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    if not any(_is_it(each, wanted) for each in given.split(" ")[:10]):
        raise NotGenuine("another signature")
    return event


def _is_it(given: str, wanted: bytes) -> bool:
    version, _, text = given.partition(",")
    return version == "v1" and hmac.compare_digest(text.encode("utf-8", "surrogatepass"), wanted)
