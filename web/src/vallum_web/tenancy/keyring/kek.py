"""The key-encryption key: 32 bytes in a file outside every database, under which all data keys are wrapped."""

import base64
import binascii
import hmac
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from vallum_web.tenancy.keyring.errors import KeyFileError
from vallum_web.tenancy.once import written_once

_BYTES: Final = 32
_NONCE: Final = 12
_READ_BY_OWNER: Final = 0o400
# Others may not read it; the group may (a mounted secret often belongs to root and to our group), but not write.
_TOO_OPEN: Final = 0o027


@dataclass(frozen=True, slots=True, kw_only=True)
class Kek:
    """A key-encryption key and the name that says which one wrapped a data key."""

    key: bytes

    def __repr__(self) -> str:
        return f"Kek({self.id})"  # never the key: reprs end up in logs

    @property
    def id(self) -> str:
        return hmac.digest(self.key, b"vallum key-encryption key", "sha256").hex()[:16]

    def wrap(self, data: bytes, about: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.key).encrypt(nonce, data, about.encode())

    def unwrap(self, wrapped: bytes, about: str) -> bytes:
        """Raises KeyFileError where `about` is not what it was wrapped for: a wrapped key cannot change its owner."""
        try:
            return AESGCM(self.key).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], about.encode())
        except InvalidTag as error:
            raise KeyFileError(
                f"The key in the keyring at {about!r} was wrapped for another owner, or is damaged: restore the keyring from its backup."
            ) from error


def path() -> Path:
    return Path(settings.KEK_FILE)


def next_path() -> Path:
    """Beside the present one while they change places; then it takes its name."""
    return path().with_name(f"{path().name}.next")


def made_once(place: Path) -> Kek:
    """The key in this file, which is made if there is none."""
    if not place.exists():
        written_once(place, base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).decode() + "\n", mode=_READ_BY_OWNER)
    return _read(place)


def named(name: str) -> Kek:
    """The key of this name: the present one, or its successor while they change places. Raises KeyFileError."""
    # The successor first: between two looks it can take the present one's place, and is then found there.
    found = [kek for kek in (_present(next_path()), _present(path())) if kek]
    for kek in found:
        if kek.id == name:
            return kek
    if found:
        raise KeyFileError(
            f"The keyring needs the key-encryption key {name}, but {path()} holds {found[-1].id}: "
            "put the right file back from the place where it is kept apart."
        )
    raise KeyFileError(
        f"{path()} is missing, and without it nothing that is sealed opens: put it back from the place where it is kept apart."
    )


def successor() -> Kek:
    """The key that is to take the present one's place: made, or found where that was broken off. Raises KeyFileError."""
    try:
        return made_once(next_path())
    except OSError as error:
        raise KeyFileError(
            f"Cannot write {next_path()} ({error.strerror}): put a file of 32 random bytes, in base64, there by your own means, then "
            "run this again."
        ) from error


def succeed() -> None:
    """Let the successor, under which every data key is wrapped now, take the present one's name. Raises KeyFileError."""
    try:
        next_path().replace(path())
        folder = os.open(path().parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except OSError as error:
        raise KeyFileError(
            f"Every data key is wrapped under {next_path()} now, but that cannot take the place of {path()} ({error.strerror}): "
            "put it there by your own means."
        ) from error


def _present(place: Path) -> Kek | None:
    try:
        return _read(place)
    except FileNotFoundError:
        return None


def _read(place: Path) -> Kek:
    if stat.S_IMODE(place.stat().st_mode) & _TOO_OPEN:
        raise KeyFileError(
            f"{place} can be read or changed by others: make it yours alone (chmod 400), then start again."
        )
    try:
        key = base64.urlsafe_b64decode(place.read_text("ascii").strip())
    except (binascii.Error, ValueError) as error:
        raise KeyFileError(f"{place} holds no key: {_ADVICE}") from error
    if len(key) != _BYTES:
        raise KeyFileError(f"{place} holds {len(key)} bytes where a key has {_BYTES}: {_ADVICE}")
    return Kek(key=key)


_ADVICE: Final = "put it back from the place where it is kept apart. A new one would open nothing that is sealed."
