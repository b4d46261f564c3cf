"""What a sealed text is: `v1.<key version>.<Fernet token>`, and in the token the place it was sealed for. Pure.

Fernet has no associated data, so a token would open in any row under the same key. The place inside is compared.
"""

import hmac
import json
import re
from dataclasses import dataclass
from typing import Final, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from vallum_web.tenancy.keyring.errors import NotOursError

# The first part names the way of sealing: a later one gets another name, and both can be read while values move.
FORMAT: Final = "v1"
SHAPE: Final = rf"{FORMAT}\.([1-9][0-9]{{0,8}})\.(gAAAA[A-Za-z0-9_=-]+)"
_SEALED: Final = re.compile(SHAPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """A key that seals values, and which of its owner's it is."""

    version: int
    key: bytes

    def __repr__(self) -> str:
        return f"DataKey(version={self.version})"  # never the key: reprs end up in logs


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A sealed text, taken apart."""

    version: int
    token: str

    @classmethod
    def parse(cls, text: str) -> Self:
        match = _SEALED.fullmatch(text)
        if match is None:
            raise NotOursError("This is no sealed text: it is damaged, or was never sealed. Enter the value again.")
        return cls(version=int(match[1]), token=match[2])

    def __str__(self) -> str:
        return f"{prefix(self.version)}{self.token}"


def is_sealed(text: str) -> bool:
    return _SEALED.fullmatch(text) is not None


def prefix(version: int) -> str:
    """How every text sealed under this version begins."""
    return f"{FORMAT}.{version}."


def close(key: DataKey, context: str, value: str) -> str:
    plain = json.dumps({"context": context, "value": value}).encode()
    return str(Sealed(version=key.version, token=Fernet(key.key).encrypt(plain).decode()))


def opened(key: DataKey, context: str, sealed: Sealed) -> str:
    """The value. Raises NotOursError where the key is another one, the text damaged, or the place not its own."""
    try:
        plain = json.loads(Fernet(key.key).decrypt(sealed.token))
    except InvalidToken as error:
        raise NotOursError(
            f"{context} does not open under its owner's key: it was sealed for another owner, or it is damaged. Enter the value again."
        ) from error
    if not hmac.compare_digest(plain["context"].encode(), context.encode()):
        raise NotOursError(
            f"{context} holds a text that was sealed for another place: somebody has moved it. Enter the value again."
        )
    return str(plain["value"])


def moved(keys: tuple[DataKey, DataKey], sealed: Sealed) -> str:
    """The same text under the first of two keys; its place and its time stay. Raises NotOursError if neither opens it."""
    new, old = keys
    try:
        token = MultiFernet([Fernet(new.key), Fernet(old.key)]).rotate(sealed.token)
    except InvalidToken as error:
        raise NotOursError("A sealed text does not open under the key it names: it is damaged.") from error
    return str(Sealed(version=new.version, token=token.decode()))
