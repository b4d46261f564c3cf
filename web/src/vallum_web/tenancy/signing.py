"""The installation's Ed25519 signature: under audit checkpoints, tombstones and receipts. Each statement begins with its format.

The key is derived from `audit_key`. Its public half lies in the state folder, for whoever verifies.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from vallum_web.tenancy.once import written_once

ID_LETTERS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Which key signed (the beginning of its public half's SHA-256), and what it made of the statement."""

    key: str
    value: bytes


def sign(statement: bytes) -> Signature:
    """With the present key; its public half is left in the state folder."""
    private = _private(settings.AUDIT_KEY)
    public = private.public_key().public_bytes_raw()
    name = key_name(public)
    if not (_keys() / name).exists():
        _keys().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        written_once(_keys() / name, public.hex() + "\n")
    return Signature(key=name, value=private.sign(statement))


def is_genuine(statement: bytes, signature: Signature, known: dict[str, bytes]) -> bool:
    """Whether one of the known keys signed exactly this."""
    public = known.get(signature.key)
    if public is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature.value, statement)
    except InvalidSignature:
        return False
    return True


def present_key() -> tuple[str, str]:
    """The name and the public half of the key that signs, for people to keep elsewhere."""
    public = _private(settings.AUDIT_KEY).public_key().public_bytes_raw()
    return key_name(public), public.hex()


def known_keys() -> dict[str, bytes]:
    """Every public half that lies in the state folder, and the present one."""
    name, public = present_key()
    found = {name: bytes.fromhex(public)}
    for path in sorted(_keys().iterdir()) if _keys().is_dir() else ():
        text = path.read_text("ascii", "replace").strip()
        raw = bytes.fromhex(text) if len(text) == 64 and set(text) <= set("0123456789abcdef") else b""
        if key_name(raw) == path.name:
            found[path.name] = raw
    return found


def _keys() -> Path:
    return Path(settings.HOME) / "audit" / "keys"


def key_name(public: bytes) -> str:
    return sha256(public).hexdigest()[:ID_LETTERS]


@lru_cache(maxsize=2)
def _private(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(b"vallum audit key 1\n" + text.encode()).digest())
