"""Who comes in, whom to ask first, and who stays outside: pure, and a table in the tests.

Two rules stand behind it, because whoever runs a provider can have it say anything:

- A provider alone opens an account only while its organization has proved the domain of the account's address. Such an
  organization could read that person's mail, and so reset their password, anyway. Everybody else signs in by their own
  means first; the provider's word then counts at its organization's door.
- An account is tied to an identity by its address only where that domain is proved, and with the person's consent unless
  they are a member already.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from vallum_web.accounts.sso.claims import Claims
from vallum_web.accounts.sso.errors import Reason, RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account here, as the provider's organization sees it."""

    id: UUID
    active: bool = True
    member: bool = False
    removed: bool = False
    """Was a member, and was sent away since."""
    tied: bool = False
    """To some identity at this provider."""
    ours: bool = False
    """Its address is in a domain that the organization has proved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known when somebody comes back from a provider."""

    identity: Account | None = None
    """Who this subject was tied to before."""
    address: Account | None = None
    """Whose address it is that the provider sends."""
    present: Account | None = None
    """Who is signed in here by means of their own: not by this or another provider's word."""
    domain_ours: bool = False
    """The provider sends an address in a domain that the organization has proved."""


class Way(StrEnum):
    ENTER = "enter"
    """The provider's word opens the account."""
    ADD = "add"
    """They are signed in already: the provider's word is added to their session."""
    TIE = "tie"
    """Tie the identity to the account without asking: it is a member's, in a proved domain."""
    ASK = "ask"
    """Have the account's owner sign in by their own means, and say yes."""
    JOIN = "join"
    """Nobody has this address yet: make the account and the membership."""
    PROVE = "prove"
    """Known, but the provider alone does not open this account: sign in by one's own means first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    way: Way
    account: UUID | None = None
    """None for JOIN alone."""


def decide(claims: Claims, found: Found) -> Verdict:
    """Raises RefusedError."""
    if found.identity:
        return _known(found.identity, found.present)
    if _may_be_the_present(claims, found):
        # A member who is signed in asks for it: whatever their address, the provider's word opens their organization alone.
        return Verdict(way=Way.ASK, account=found.present.id if found.present else None)
    if not claims.email:
        raise RefusedError(Reason.NO_ADDRESS)
    if not claims.vouched:
        raise RefusedError(Reason.UNVERIFIED)
    if not found.domain_ours:
        raise RefusedError(Reason.FOREIGN_DOMAIN)
    return _by_address(found.address) if found.address else Verdict(way=Way.JOIN)


def _may_be_the_present(claims: Claims, found: Found) -> bool:
    """Unless the provider may say, and says, whose account it is."""
    present = found.present
    told = claims.vouched and found.domain_ours and found.address is not None
    return present is not None and present.member and not present.tied and not told


def _known(account: Account, present: Account | None) -> Verdict:
    if not account.active:
        raise RefusedError(Reason.INACTIVE)
    if not account.member:
        raise RefusedError(Reason.REMOVED)
    if present and present.id == account.id:
        return Verdict(way=Way.ADD, account=account.id)
    return Verdict(way=Way.ENTER if account.ours else Way.PROVE, account=account.id)


def _by_address(account: Account) -> Verdict:
    if not account.active:
        raise RefusedError(Reason.INACTIVE)
    if account.tied:
        # An address that was given to somebody new is not a new key to the old account.
        raise RefusedError(Reason.OTHER_IDENTITY)
    if account.removed:
        raise RefusedError(Reason.REMOVED)
    return Verdict(way=Way.TIE if account.member else Way.ASK, account=account.id)
