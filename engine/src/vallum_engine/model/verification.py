"""What the issuer of a secret said when it was asked whether it still works."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from vallum_engine.values import immutable


class Liveness(StrEnum):
    """Whether a credential works, as its issuer said."""

    LIVE = "live"
    REVOKED = "revoked"
    """The issuer does not take it, any more or ever."""
    UNKNOWN = "unknown"


@immutable
class Verification:
    """What the issuer of a secret answered when it was asked whether it still works."""

    result: Liveness
    host: str
    """Which was asked."""
    reason: str
    """What it did, in words that follow the host's name."""
    at: str
    """When: UTC, `2026-03-01T12:00:00Z`."""


def plain(told: Verification) -> dict[str, Any]:
    """As JSON has it."""
    return {"result": told.result.value, "host": told.host, "reason": told.reason, "at": told.at}


def read(data: Mapping[str, Any] | None) -> Verification | None:
    """What `plain` wrote. Raises KeyError, ValueError or AttributeError for anything else."""
    if not data:
        return None
    texts = {name: str(data.get(name, "")) for name in ("host", "reason", "at")}
    return Verification(result=Liveness(data["result"]), **texts)
