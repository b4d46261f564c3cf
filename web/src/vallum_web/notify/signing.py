"""Signatures of Standard Webhooks (standardwebhooks.com, specification 1.0): symmetric, version 1. Pure."""

import base64
import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def headers(message: str, moment: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """`message` is the same at each try of one delivery; `moment`, in seconds, is this try's. One signature for each key."""
    signed = b".".join((message.encode(), str(moment).encode(), body))
    return {
        "webhook-id": message,
        "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(f"v1,{_signature(key, signed)}" for key in keys),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, signed, sha256)).decode()
