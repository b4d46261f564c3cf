"""What a provider says of an account, in one language for both, and what is entitled by it. Values, and one pure decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from vallum_web.billing.models import Status
from vallum_web.tenancy import plans
from vallum_web.tenancy.plans import Entitled, Given

GRACE = timedelta(days=7)
"""After the end of what was paid: a provider that cannot be asked locks nobody out."""
READ_ONLY_AFTER = timedelta(days=21)
GIVEN_UP_AFTER = timedelta(days=35)
"""From the day of an open invoice on: a provider that never gives up is not followed for ever."""
OVER = frozenset({Status.CANCELED, Status.UNPAID, Status.PAUSED})
NOTHING_YET = frozenset({Status.INCOMPLETE})
OPEN = frozenset({"open", "issued", "partially_paid", "past_due"})
"""Statuses of invoices that wait to be paid, of both providers."""
ALIVE = frozenset({Status.ACTIVE, Status.TRIALING, Status.PAST_DUE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A subscription. `owed_since` is when its oldest open invoice was issued."""

    subscription_id: str
    price_id: str
    plan: str
    status: Status
    seats: int
    period_end: datetime | None
    cancel_at: datetime | None = None
    """When it ends, or ended."""
    trial_end: datetime | None = None
    owed_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice, for the page that shows it; id, number, status and date alone are kept. Amounts in hundredths."""

    invoice_id: str
    number: str
    status: str
    issued_at: datetime
    subscription_id: str
    amount: int
    currency: str
    url: str
    """Of the provider's own page for it, where it is paid and printed."""

    @property
    def open(self) -> bool:
        return self.status in OPEN and self.amount > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that a provider says of one account at a time. `gone`: it knows the customer no more."""

    customer_id: str
    region: str
    currency: str
    subscriptions: tuple[Seen, ...]
    bills: tuple[Bill, ...]
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """What some object of the provider's leads to."""

    org: UUID | None
    customer_id: str
    subscription_id: str = ""


NOTHING = Whose(org=None, customer_id="")
"""What is about no subscription, such as the five rupees by which a mandate for later is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """The holder of a card or an account takes a payment back, unless somebody answers. Shown, and not kept."""

    dispute_id: str
    status: str
    over: bool
    event: str
    """The kind of notice that tells of this state."""
    reason: str
    amount: int
    currency: str
    answer_by: datetime | None
    url: str
    """Of the provider's dashboard, where it is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What decides whether somebody may withdraw. Asked for, and not kept. `business`: it has a tax number."""

    country: str
    business: bool
    began: datetime


def granted(provider: str, seen: Seen) -> Given | None:
    """What a subscription entitles to, for all times at once; None while nothing was paid for it yet.

    Paid is until the end of its period and a week; what ends on a day ends that day. Overdue, it is read-only from the 21st
    day of the oldest open invoice, and over from the 35th. Cancelled, unpaid or paused it is over.
    """
    if seen.status in NOTHING_YET:
        return None
    until = seen.cancel_at or (seen.period_end + GRACE if seen.period_end else None)
    if seen.status in OVER and until is None:
        return None
    stop = None
    if seen.status is Status.PAST_DUE and seen.owed_since is not None:
        stop = seen.owed_since + READ_ONLY_AFTER
        until = min(until or seen.owed_since + GIVEN_UP_AFTER, seen.owed_since + GIVEN_UP_AFTER)
    return Given(source=provider, plan=seen.plan, seats=seen.seats, until=until, read_only_from=stop)


def entitle(provider: str, seen: Seen, now: datetime) -> Entitled:
    """What holds now by this subscription alone."""
    given = granted(provider, seen)
    return plans.entitle([given] if given else [], now)


def best(provider: str, subscriptions: Iterable[Seen]) -> Given | None:
    """Of several, as after a change of the way of paying: what lives before what is over, then what ends last."""
    found = [(seen, given) for seen in subscriptions if (given := granted(provider, seen))]
    if not found:
        return None
    return max(found, key=lambda pair: (_life(pair[0]), _end(pair[1]), pair[0].subscription_id))[1]


def _life(seen: Seen) -> int:
    """One that is paid for counts before the one that will follow it."""
    return (seen.status in ALIVE) + (seen.status in ALIVE and seen.status is not Status.TRIALING)


def _end(given: Given) -> float:
    return given.until.timestamp() if given.until else float("inf")
