"""What becomes of a mail after Resend took it, as events tell it. Opened and clicked never: tracking is off."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final


class Fate(StrEnum):
    """Named as Resend names its own test addresses, where it has one."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    SOFT_BOUNCED = "soft_bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    DELAYED = "delayed"
    FAILED = "failed"
    SILENT = "silent"
    """Nothing is heard of it after it was sent."""


TEST_DOMAIN: Final = "resend.dev"
DELAY: Final = 600.0
"""Seconds until a delayed mail arrives."""

_STEPS: Final[Mapping[Fate, tuple[tuple[str, float], ...]]] = {
    Fate.DELIVERED: (("sent", 0), ("delivered", 0)),
    Fate.BOUNCED: (("sent", 0), ("bounced", 0)),
    Fate.SOFT_BOUNCED: (("sent", 0), ("bounced", 0)),
    Fate.COMPLAINED: (("sent", 0), ("delivered", 0), ("complained", 0)),
    Fate.SUPPRESSED: (("suppressed", 0),),
    Fate.DELAYED: (("sent", 0), ("delivery_delayed", 0), ("delivered", DELAY)),
    Fate.FAILED: (("failed", 0),),
    Fate.SILENT: (("sent", 0),),
}

# The phrases "bounce message" and "suppressed sending" are what readers tell the cases apart by.
_BOUNCES: Final[Mapping[Fate, Mapping[str, str]]] = {
    Fate.BOUNCED: {
        "type": "Permanent",
        "subType": "General",
        "message": "The other side answered with a hard bounce message: no such mailbox.",
    },
    Fate.SOFT_BOUNCED: {
        "type": "Transient",
        "subType": "MailboxFull",
        "message": "The other side answered with a bounce message: the mailbox is full.",
    },
    Fate.SUPPRESSED: {
        "type": "OnAccountSuppressionList",
        "subType": "Suppressed",
        "message": "Resend has suppressed sending to this address after an earlier bounce or complaint.",
    },
}


def of_address(address: str, told: Mapping[str, Fate], suppressed: set[str]) -> Fate:
    local, _, domain = address.lower().rpartition("@")
    if address.lower() in suppressed:
        return Fate.SUPPRESSED
    if domain == TEST_DOMAIN:
        named = local.partition("+")[0]
        return Fate(named) if named in {"delivered", "bounced", "complained", "suppressed"} else Fate.DELIVERED
    return told.get(address.lower(), Fate.DELIVERED)


def steps(fate: Fate) -> tuple[tuple[str, float], ...]:
    """Events without their `email.`, and seconds after the mail was taken."""
    return _STEPS[fate]


def more(fate: Fate, step: str) -> dict[str, Any]:
    """What an event has beside the mail."""
    if step == "bounced":
        return {"bounce": dict(_BOUNCES[fate])}
    if step == "suppressed":
        return {"suppressed": {"message": _BOUNCES[fate]["message"], "type": _BOUNCES[fate]["type"]}}
    return {"failed": {"reason": "reached_daily_quota"}} if step == "failed" else {}


def ends_sending(fate: Fate) -> bool:
    return fate in {Fate.BOUNCED, Fate.COMPLAINED}
