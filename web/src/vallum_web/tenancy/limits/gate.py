"""Asking a limit.

Ask before a scope is opened: a refusal raised inside one would be rolled back together with what it refused, and would not
have counted.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from uuid import UUID

from django.db import Error, connection, transaction

from vallum_web.tenancy import clock, lookups
from vallum_web.tenancy.limits import refusals, store
from vallum_web.tenancy.limits.catalogue import Limit, WhenDown
from vallum_web.tenancy.limits.rate import Rate, Verdict, verdict
from vallum_web.tenancy.scope import current_org

log = logging.getLogger(__name__)

# Nobody knows when a database comes back.
WAIT_WHEN_DOWN = timedelta(seconds=10)
# Processes of one machine may disagree about the time by this much.
SLACK = timedelta(minutes=5)


class Refused(Exception):
    """More than a limit lets through. The doors answer with 429, or with 503 where nobody could be asked."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"{verdict.limit}: {verdict.rate.count} in {verdict.rate.period}")
        self.verdict = verdict


def take(limit: Limit, key: str, *, cost: int = 1, org: UUID | None = None) -> Verdict:
    """Take `cost` of what `key` may. `org` is whose own value holds, and who is shown the refusal."""
    try:
        # Inside a transaction a failed statement would take all others with it.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            rate = rates([limit], org)[limit.name]
            now = clock.now()
            given = verdict(
                limit.name, rate, store.take(store.digest(limit.name, key), rate, now, cost=cost), now, cost=cost
            )
            if not given.allowed and org is not None:
                refusals.count(org, limit.name, now)
            return given
    except Error as error:
        log.warning("The table of limits cannot be asked (%s): %s decides to %s.", error, limit.name, limit.when_down)
        return _down(limit)


def demand(limit: Limit, key: str, *, cost: int = 1, org: UUID | None = None) -> Verdict:
    """As `take`, but raises Refused."""
    if current_org() is not None:
        raise RuntimeError(f"{limit.name} demanded inside a scope: the refusal would be rolled back with it.")
    given = take(limit, key, cost=cost, org=org)
    if not given.allowed:
        raise Refused(given)
    return given


def refund(limit: Limit, key: str, *, cost: int = 1) -> None:
    """Give back what was taken for something that turned out well: only failures are to count."""
    try:
        store.give_back(store.digest(limit.name, key), limit.rate.step * cost)
    except Error as error:
        log.warning("Nothing was given back to %s: %s", limit.name, error)


def rates(limits: Sequence[Limit], org: UUID | None) -> dict[str, Rate]:
    """What holds for `org`: its own values where an operator has set some."""
    own: Mapping[str, Rate] = {}
    if org is not None and any(limit.of_org for limit in limits):
        own = {
            name: Rate(count=count, period=timedelta(seconds=seconds), burst=burst)
            for name, count, seconds, burst in lookups.limits_of(org)
        }
    return {limit.name: own.get(limit.name, limit.rate) for limit in limits}


def standing(limit: Limit, keys: Sequence[str], rate: Rate) -> list[Verdict]:
    """How far each key has used it, without using any."""
    now = clock.now()
    digests = [store.digest(limit.name, key) for key in keys]
    moments = store.moments(digests)
    return [verdict(limit.name, rate, (True, _kept(moments.get(digest), rate, now)), now) for digest in digests]


def prune() -> int:
    return store.forget(clock.now() - SLACK)


def _kept(moment: datetime | None, rate: Rate, now: datetime) -> datetime:
    return min(max(moment or now, now), now + rate.room)


def _down(limit: Limit) -> Verdict:
    allowed = limit.when_down is WhenDown.ALLOW
    wait = timedelta() if allowed else WAIT_WHEN_DOWN
    return Verdict(
        limit=limit.name,
        rate=limit.rate,
        allowed=allowed,
        remaining=limit.rate.burst if allowed else 0,
        reset=wait,
        retry_after=wait,
        down=True,
    )
