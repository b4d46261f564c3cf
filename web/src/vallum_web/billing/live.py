"""What is shown from the provider and never kept: invoices with their amounts, where to pay.

In memory for five minutes, or until what is kept of the account is different: another process may have heard something.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from django.conf import settings

from vallum_web.billing.models import BillingAccount
from vallum_web.billing.providers import way
from vallum_web.billing.seen import ALIVE, Bill
from vallum_web.tenancy import clock

KEPT = timedelta(minutes=5)
MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """`period` of what is subscribed to; `pay_at` is where an open payment waits for the customer."""

    bills: tuple[Bill, ...]
    period: str
    pay_at: str


_held: dict[UUID, tuple[datetime, object, Live]] = {}
_lock = Lock()


def of(account: BillingAccount, subscriptions: tuple[str, ...], kept: object) -> Live:
    """Outside of a scope. `kept`: all that is kept of it, to compare. Raises NoAnswerError, RefusedError."""
    with _lock:
        found = _held.get(account.pk)
        if found and found[0] > clock.now() and found[1] == kept:
            return found[2]
    told = _ask(account, subscriptions)
    with _lock:
        if len(_held) >= MOST:
            _held.clear()
        _held[account.pk] = (clock.now() + KEPT, kept, told)
    return told


def forget(account: UUID) -> None:
    """After a change of ours: what is shown next is asked for."""
    with _lock:
        _held.pop(account, None)


def _ask(account: BillingAccount, subscriptions: tuple[str, ...]) -> Live:
    to = way(settings.BILLING[account.provider], account.org_id)
    said = to.look(account.customer_id, subscriptions)
    alive = [seen for seen in said.subscriptions if seen.status in ALIVE]
    return Live(
        bills=said.bills,
        period=to.period(alive[0].price_id) if alive and not alive[0].cancel_at else "",
        pay_at=to.waiting(alive[0].subscription_id) if alive else "",
    )
