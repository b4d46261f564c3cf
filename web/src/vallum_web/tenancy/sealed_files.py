"""A file that is encrypted as it is written: AES-256-GCM in chunks, of which any can be read alone.

    magic (8) | version of the owner's key (4) | salt (32) | chunk, tag | … | last chunk, tag

Every file has a key of its own, derived from its owner's by the salt, so a chunk's nonce is its number. The head is bound into each
chunk, and the last one is marked: nothing can be changed, moved, dropped or cut off unseen.
"""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vallum_web.tenancy.keyring.envelope import DataKey

MAGIC: Final = b"VALLUMF1"
CHUNK: Final = 1 << 16
_VERSION, _SALT, _TAG, _KEY = 4, 32, 16, 32
HEAD: Final = len(MAGIC) + _VERSION + _SALT


class DamagedFileError(OSError):
    """A file is not what was written; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands at its beginning."""

    version: int
    salt: bytes

    @classmethod
    def made(cls, key: DataKey) -> Self:
        return cls(version=key.version, salt=os.urandom(_SALT))

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Of a file for which `is_sealed` is true."""
        rest = data[len(MAGIC) :]
        return cls(version=int.from_bytes(rest[:_VERSION], "big"), salt=rest[_VERSION:])

    @property
    def written(self) -> bytes:
        return MAGIC + self.version.to_bytes(_VERSION, "big") + self.salt

    def cipher(self, key: DataKey, about: str) -> AESGCM:
        derived = HKDF(hashes.SHA256(), _KEY, salt=self.salt, info=f"vallum file 1|{about}".encode())
        return AESGCM(derived.derive(key.key))


def is_sealed(head: bytes) -> bool:
    """By its first `HEAD` bytes."""
    return len(head) == HEAD and head.startswith(MAGIC)


class Sealer:
    """Writes into a new file; `about` says whose it is, and opens it again. What is not ended does not open."""

    def __init__(self, file: IO[bytes], key: DataKey, about: str) -> None:
        head = Head.made(key)
        self._file, self._cipher, self._head = file, head.cipher(key, about), head.written
        self._waiting, self._index = bytearray(), 0
        file.write(self._head)

    def write(self, data: bytes) -> None:
        self._waiting += data
        at = 0
        while len(self._waiting) - at > CHUNK:  # a full one waits: it may be the last
            self._put(bytes(self._waiting[at : at + CHUNK]), last=False)
            at += CHUNK
        del self._waiting[:at]

    def end(self) -> None:
        self._put(bytes(self._waiting), last=True)

    def _put(self, data: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._index, last=last), data, self._head))
        self._index += 1


class _Chunks(io.RawIOBase):
    """What was written, from anywhere in it."""

    def __init__(self, file: IO[bytes], cipher: AESGCM, head: bytes) -> None:
        self._file, self._cipher, self._head = file, cipher, head
        body = file.seek(0, io.SEEK_END) - HEAD
        self._count = max(-(-body // (CHUNK + _TAG)), 1)
        self._size, self._at = body - self._count * _TAG, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(begin + offset, 0)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        index, skipped = divmod(self._at, CHUNK)
        if index >= self._count:
            return 0
        found = memoryview(self._chunk(index))[skipped : skipped + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def _chunk(self, index: int) -> bytes:
        self._file.seek(HEAD + index * (CHUNK + _TAG))
        data = self._file.read(CHUNK + _TAG)
        try:
            return self._cipher.decrypt(_nonce(index, last=index == self._count - 1), data, self._head)
        except (InvalidTag, ValueError) as error:
            raise DamagedFileError(
                f"Part {index} of {getattr(self._file, 'name', 'a file')} does not open: it was changed, cut off, or is somebody else's."
            ) from error

    def close(self) -> None:
        self._file.close()
        super().close()


def opened(file: IO[bytes], key: Callable[[int], DataKey], about: str) -> IO[bytes]:
    """What the file holds, whether it was sealed or, as it once was, not; it is closed with what is given."""
    data = file.read(HEAD)
    if not is_sealed(data):
        file.seek(0)
        return file
    head = Head.read(data)
    return io.BufferedReader(_Chunks(file, head.cipher(key(head.version), about), data), CHUNK)


def _nonce(index: int, *, last: bool) -> bytes:
    return index.to_bytes(11, "big") + (b"\1" if last else b"\0")
