"""What follows from an alarm about signing in: the network waits an hour, operators and those it came in to are told."""

from dataclasses import replace
from datetime import timedelta

from vallum_web.accounts import signins
from vallum_web.accounts.abuse import services
from vallum_web.accounts.abuse.models import Attack
from vallum_web.accounts.abuse.watch import WATCH, Alarm
from vallum_web.accounts.addresses import looked_up
from vallum_web.accounts.models import SignIn
from vallum_web.accounts.networks import neighbourhood
from vallum_web.accounts.throttle import network
from vallum_web.tenancy import clock, origin
from vallum_web.tenancy.limits import gate
from vallum_web.tenancy.limits.catalogue import named

SHUT_OUT = named("AttackPerIPPrefix")
AN_HOUR = timedelta(hours=1)


def refuse_attackers(here: str) -> None:
    """Raises Refused where the network is shut out. Asks, and takes nothing."""
    (standing,) = gate.standing(SHUT_OUT, [here], SHUT_OUT.rate)
    if not standing.remaining:
        raise gate.Refused(replace(standing, allowed=False, retry_after=standing.reset))


def failed(email: str, password: str) -> None:
    """A wrong password was given, for somebody's address or for nobody's."""
    for alarm in WATCH.failed(looked_up(email), password, network(), clock.now()):
        _raise(alarm)


def came_in(email: str) -> None:
    WATCH.came_in(looked_up(email), network(), clock.now())


def _raise(alarm: Alarm) -> None:
    gate.take(SHUT_OUT, alarm.network)
    services.attacked(alarm, _words(alarm), _came_in_to(alarm))


def _words(alarm: Alarm) -> str:
    where = neighbourhood(alarm.network)
    if alarm.rule == Attack.Rule.SPRAYING:
        return f"The same wrong password was tried on {alarm.accounts} accounts within a day from {where}. Five raise this."
    return (
        f"{alarm.accounts} accounts were tried in vain within an hour from {where}, while {alarm.came_in} came in from there. "
        "Ten, and more than three for each that came in, raise this."
    )


def _came_in_to(alarm: Alarm) -> list[SignIn]:
    """Sign-ins of the last hour from the same network to accounts that had never been used there: each account once."""
    lately = signins.successes().filter(
        kind=SignIn.Kind.PASSWORD, known=False, at__gt=clock.now() - AN_HOUR, network=neighbourhood(alarm.network)
    )
    rows = lately.select_related("user").order_by("user_id", "-at").distinct("user_id")
    return [row for row in rows if origin.prefix(row.address) == alarm.network]
