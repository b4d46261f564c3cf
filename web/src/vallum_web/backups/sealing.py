"""Chunks of a backup: packed, then encrypted, each bound to its backup, its stream and its place there. Pure."""

import base64
import binascii
import os
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vallum_web.backups.errors import DamagedError, KitError

FORMAT: Final = "vallum backup 1"
CHUNK: Final = 8 << 20
"""Bytes of a chunk before it is packed; the last one of a stream may hold fewer."""
KEY_BYTES: Final = 32
_NONCE: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a chunk belongs. Anywhere else it does not open: chunks cannot be moved, swapped, dropped or cut off."""

    backup: str
    stream: str
    index: int
    last: bool

    @property
    def about(self) -> bytes:
        return f"{FORMAT}|{self.backup}|{self.stream}|{self.index}|{'last' if self.last else 'more'}".encode()

    def __str__(self) -> str:
        return f"chunk {self.index} of {self.stream} in backup {self.backup}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupKey:
    """The key that all backups are encrypted under; each backup's each stream has one derived from it."""

    key: bytes

    def __repr__(self) -> str:
        return f"BackupKey({self.id})"  # never the key: reprs end up in logs

    @property
    def id(self) -> str:
        return sha256(b"vallum backup key|" + self.key).hexdigest()[:16]

    @classmethod
    def made(cls) -> Self:
        return cls(key=secrets.token_bytes(KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises KitError."""
        try:
            key = base64.urlsafe_b64decode(text.strip())
        except (binascii.Error, ValueError) as error:
            raise KitError("The backup key cannot be read: it is 32 bytes in base64. Take it from the kit.") from error
        if len(key) != KEY_BYTES:
            raise KitError(f"The backup key has {len(key)} bytes instead of {KEY_BYTES}. Take it from the kit.")
        return cls(key=key)

    @property
    def text(self) -> str:
        return base64.urlsafe_b64encode(self.key).decode()

    def stream(self, backup: str, stream: str) -> AESGCM:
        about = f"{FORMAT}|{backup}|{stream}".encode()
        return AESGCM(HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=about).derive(self.key))


def close(key: BackupKey, place: Place, data: bytes) -> bytes:
    # Packed first: what is encrypted cannot be packed. A nonce is random, and no derived key closes 2**32 chunks.
    nonce = os.urandom(_NONCE)
    packed = zstandard.ZstdCompressor(level=3).compress(data)
    return nonce + key.stream(place.backup, place.stream).encrypt(nonce, packed, place.about)


def opened(key: BackupKey, place: Place, data: bytes) -> bytes:
    """Raises DamagedError."""
    try:
        packed = key.stream(place.backup, place.stream).decrypt(data[:_NONCE], data[_NONCE:], place.about)
    except (InvalidTag, ValueError) as error:
        raise DamagedError(
            f"The {place} does not open under the backup key {key.id}: it was changed or moved, or written under another key. "
            "Take another backup (`vallum-web backup list`), or the right recovery kit."
        ) from error
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=CHUNK)
