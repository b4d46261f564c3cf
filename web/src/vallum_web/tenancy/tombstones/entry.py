"""One line of the ledger: ids and short words, never a name or an address. Signed, and holding the digest of the one before."""

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, Self
from uuid import UUID

from vallum_web.tenancy import signing
from vallum_web.tenancy.tombstones.errors import BrokenLedgerError

FORMAT: Final = "vallum tombstone 1"
BEGINNING: Final = "0" * 64
SUFFIX: Final = ".json"
_A_FOLDER: Final = 1000
# No letter of a name or an address fits in: an id is a UUID, and a word is one of ours.
_WORD: Final = re.compile(r"[a-z0-9_.:-]{0,60}")


def file_name(seq: int) -> str:
    """Where an entry lies: a thousand to a folder."""
    return f"{seq // _A_FOLDER:06}/{seq:012}{SUFFIX}"


class Phase(StrEnum):
    """How far what an entry tells of has come."""

    INTENT = "intent"
    """It was about to happen. Without a later word it counts as happened: nobody is readmitted by a crash."""
    DONE = "done"
    UNDONE = "undone"
    PRUNED = "pruned"
    """Entries up to `of` were removed, for their time was over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`of` is the number of the intent that a later word is about."""

    seq: int
    phase: Phase
    at: datetime
    kind: str = ""
    id: UUID | None = None
    org: UUID | None = None
    reason: str = ""
    value: str = ""
    of: int = 0
    previous: str = BEGINNING
    key: str = ""
    signature: str = ""

    def __post_init__(self) -> None:
        for word in (self.kind, self.reason, self.value):
            if not _WORD.fullmatch(word):
                raise ValueError(f"{word!r} is no word of the ledger: lower-case letters, digits and .:_- alone.")

    @property
    def subject(self) -> UUID:
        """What it is about. Raises BrokenLedgerError."""
        return self._given(self.id)

    @property
    def tenant(self) -> UUID:
        """In which organization. Raises BrokenLedgerError."""
        return self._given(self.org)

    def _given(self, key: UUID | None) -> UUID:
        if key is None:
            raise BrokenLedgerError(f"Tombstone {self.seq} lacks an id.")
        return key

    @property
    def statement(self) -> bytes:
        told = self._told()
        parts = (told[name] for name in told if name not in {"key", "signature"})
        return "\n".join((FORMAT, *parts)).encode()

    def signed(self) -> Self:
        signature = signing.sign(self.statement)
        return replace(self, key=signature.key, signature=signature.value.hex())

    def is_genuine(self, known: dict[str, bytes]) -> bool:
        try:
            value = bytes.fromhex(self.signature)
        except ValueError:
            return False
        return signing.is_genuine(self.statement, signing.Signature(key=self.key, value=value), known)

    def written(self) -> bytes:
        return json.dumps(self._told(), indent=0).encode() + b"\n"

    @property
    def digest(self) -> str:
        return sha256(self.written()).hexdigest()

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Raises BrokenLedgerError."""
        try:
            kept = json.loads(data)
            made = cls(
                seq=int(kept["seq"]),
                phase=Phase(kept["phase"]),
                at=datetime.fromisoformat(kept["at"]),
                kind=kept["kind"],
                id=UUID(kept["id"]) if kept["id"] else None,
                org=UUID(kept["org"]) if kept["org"] else None,
                reason=kept["reason"],
                value=kept["value"],
                of=int(kept["of"]),
                previous=kept["previous"],
                key=kept["key"],
                signature=kept["signature"],
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BrokenLedgerError(f"No tombstone: {error}") from error
        if made.written() != data:
            raise BrokenLedgerError(f"Tombstone {made.seq} is written otherwise than it was signed.")
        return made

    def _told(self) -> dict[str, str]:
        told = {name: "" if value is None else str(value) for name, value in asdict(self).items()}
        return {**told, "at": self.at.astimezone(UTC).isoformat(timespec="microseconds")}
