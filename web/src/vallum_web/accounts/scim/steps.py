"""What a provider's word means for a membership: pure."""

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    KEEP = "keep"
    LINK = "link"
    """They are a member already: from now on the provider looks after that."""
    JOIN = "join"
    INVITE = "invite"
    END = "end"
    TROUBLE = "trouble"


NO_ADDRESS = "No email address: the provider has to send one, or a user name that is one."
REMOVED = "Removed here: to bring them back, deactivate and activate them at the provider."


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known when a provider has said something of a person whose membership it does not look after yet, or is to end.

    `fresh`: this is new, was inactive until now, or has another address than before. `known_here`: they were a member
    by this provider before, so nothing has to be proved again. `ours`: the organization has proved that the address's
    domain is its own. `claimed`: an account has the address, but its holder has not proved it theirs.
    """

    active: bool
    fresh: bool
    address: str
    member: bool
    known_here: bool
    ours: bool
    claimed: bool


def step(known: Known) -> Step:
    """Who was removed by hand stays removed until the provider brings them back on purpose."""
    if not known.active:
        return Step.END
    if not known.fresh:
        return Step.KEEP
    if known.member:
        return Step.LINK
    if known.known_here:
        return Step.JOIN
    if not known.address:
        return Step.TROUBLE
    # Somebody may have made an account with an address that is not theirs, and wait for it to be let in.
    return Step.JOIN if known.ours and not known.claimed else Step.INVITE
