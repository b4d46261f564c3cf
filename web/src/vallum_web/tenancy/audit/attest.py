"""Checkpoints: this installation's Ed25519 signature under where a chain stood on a day, or where it was cut off."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from vallum_web.tenancy import signing

FORMAT: Final = "vallum audit checkpoint 1"


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
    """The checkpoint with our signature."""
    signature = signing.sign(point.statement)
    return replace(point, key=signature.key, signature=signature.value)


def is_genuine(point: Attested, known: dict[str, bytes]) -> bool:
    """Whether one of the known keys signed exactly this."""
    return signing.is_genuine(point.statement, signing.Signature(key=point.key, value=point.signature), known)
