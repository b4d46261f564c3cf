"""Checkpoints: this installation's Ed25519 signature under where a chain stood on a day, or where it was cut off."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from vallum_web.tenancy.once import written_once

FORMAT: Final = "vallum audit checkpoint 1"
ID_LETTERS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """What a checkpoint says: "on this day, entry `seq` of this organization had this hash"."""

    org: UUID
    reason: str
    day: date
    at: datetime
    seq: int
    hash: bytes
    key: str = ""
    signature: bytes = b""

    @property
    def parts(self) -> dict[str, str]:
        """The signed values as the texts that are signed: the same in the file and in an export."""
        return {
            "org": str(self.org),
            "reason": self.reason,
            "day": self.day.isoformat(),
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "seq": str(self.seq),
            "hash": self.hash.hex(),
        }

    @property
    def told(self) -> dict[str, str]:
        """All of it, for a file."""
        return {**self.parts, "key": self.key, "signature": self.signature.hex()}

    @property
    def statement(self) -> bytes:
        return "\n".join((FORMAT, *self.parts.values())).encode()


def signed(point: Attested) -> Attested:
    """The checkpoint with our signature. The public half of the key is left in the state folder, for whoever verifies."""
    private = _private(settings.AUDIT_KEY)
    public = private.public_key().public_bytes_raw()
    name = _name(public)
    if not (_keys() / name).exists():
        _keys().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        written_once(_keys() / name, public.hex() + "\n")
    return replace(point, key=name, signature=private.sign(point.statement))


def is_genuine(point: Attested, known: dict[str, bytes]) -> bool:
    """Whether one of the known keys signed exactly this."""
    public = known.get(point.key)
    if public is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(point.signature, point.statement)
    except InvalidSignature:
        return False
    return True


def present_key() -> tuple[str, str]:
    """The name and the public half of the key that signs, for people to keep elsewhere."""
    public = _private(settings.AUDIT_KEY).public_key().public_bytes_raw()
    return _name(public), public.hex()


def known_keys() -> dict[str, bytes]:
    """Every public half that lies in the state folder, and the present one."""
    name, public = present_key()
    found = {name: bytes.fromhex(public)}
    for path in sorted(_keys().iterdir()) if _keys().is_dir() else ():
        text = path.read_text("ascii", "replace").strip()
        raw = bytes.fromhex(text) if len(text) == 64 and set(text) <= set("0123456789abcdef") else b""
        if _name(raw) == path.name:
            found[path.name] = raw
    return found


def _keys() -> Path:
    return Path(settings.HOME) / "audit" / "keys"


def _name(public: bytes) -> str:
    return sha256(public).hexdigest()[:ID_LETTERS]


@lru_cache(maxsize=2)
def _private(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(b"vallum audit key 1\n" + text.encode()).digest())
