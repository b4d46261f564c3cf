"""What the guard tells its caller about every connection that left, or was kept from leaving."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One connection to a third party: who, why, to which address, how much each way, and whether it went well."""

    party_host: str
    purpose: str
    address: str | None
    sent_bytes: int
    received_bytes: int
    ok: bool


Ledger = Callable[[Departure], None]
Gate = Callable[[str, str], None]
"""Told the purpose and the host before anything is looked up; raises NotForeseen where that may not be."""


def unrecorded(_departure: Departure) -> None:
    """For tests and for callers without a ledger of their own."""


def ungated(_purpose: str, _host: str) -> None:
    """For tests and for callers without a register of their own."""
