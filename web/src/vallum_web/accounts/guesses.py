"""How often a password may be tried.

Three limits are asked for every attempt, whether there is such an account or not: that of the network, that of the account
from this network, that of the account from everywhere. Only failures count in the end. The third is what a flood from many
networks uses up, so it does not stand between an account's owner and their account: from a network that the account was
signed in to from before it is counted apart.
"""

from collections.abc import Sequence

from vallum_web.accounts.abuse import signing_in
from vallum_web.accounts.addresses import looked_up
from vallum_web.accounts.models import User
from vallum_web.accounts.services import places
from vallum_web.accounts.throttle import network
from vallum_web.tenancy.limits import gate
from vallum_web.tenancy.limits.catalogue import Limit, named

PER_NETWORK = named("LoginPerIPPrefix")
PER_ACCOUNT_AND_NETWORK = named("LoginPerAccountAndPrefix")
PER_ACCOUNT = named("LoginPerAccount")
SECOND_STEP = named("MfaPerAccount")

Taken = Sequence[tuple[Limit, str]]


def begin(email: str) -> Taken:
    """Before a password is looked at. Raises Refused."""
    account, here = looked_up(email), network()
    pair, at_home = f"{account}\0{here}", places.is_known(looked_up(email), here)
    if not at_home:
        signing_in.refuse_attackers(here)
    taken = (
        (PER_NETWORK, here),
        (PER_ACCOUNT_AND_NETWORK, pair),
        (PER_ACCOUNT, pair if at_home else account),
    )
    for limit, key in taken:
        gate.demand(limit, key)
    return taken


def right(taken: Taken) -> None:
    """It was no guess."""
    for limit, key in taken:
        gate.refund(limit, key)


def begin_second_step(user: User) -> Taken:
    """Before a code is looked at, when the password was right. Raises Refused."""
    here, person = network(), str(user.pk)
    taken = ((SECOND_STEP, f"{person}\0{here}" if places.is_known(user.email, here) else person),)
    for limit, key in taken:
        gate.demand(limit, key)
    return taken


def arrived(email: str) -> None:
    """Somebody proved that the account is theirs, here."""
    places.remember(email, network())
