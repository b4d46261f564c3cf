"""What members may do to each other, and what an organization must keep: pure decisions."""

from collections.abc import Collection
from datetime import datetime

from vallum_web.accounts.matrix import Role, at_most


def may_move(actor: str, present: str, wanted: str | None) -> bool:
    """Whether a member of role `actor` may change somebody's `present` role to `wanted`, or remove them (None).

    Nobody reaches above themselves: neither at people whose role is higher, nor by handing a higher one out.
    """
    reach = at_most(actor)
    return Role(present) in reach and (wanted is None or Role(wanted) in reach)


def keeps_an_owner(owners: Collection[object], leaving: object) -> bool:
    """Whether somebody still owns the organization when `leaving` does not."""
    return any(owner != leaving for owner in owners)


def wants_second_step(wanted_from: datetime | None, now: datetime) -> bool:
    """Whether an organization that asks for a second step from that moment on lets nobody in without one now."""
    return wanted_from is not None and now >= wanted_from
