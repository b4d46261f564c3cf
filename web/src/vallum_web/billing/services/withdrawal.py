"""A consumer in the European Union withdraws from the contract within 14 days: it ends at once, and the rest is given back.

Directive 2011/83/EU, articles 9, 11a, 13 and 14(3): no reason is asked for, what was used until then is paid for by its time,
and that the withdrawal came is confirmed by mail with its day and hour. All outside of a scope.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from vallum_web.billing import live, money, queries
from vallum_web.billing.models import BillingCommand, Provider
from vallum_web.billing.providers.stripe import Stripe
from vallum_web.billing.queries import Bought
from vallum_web.billing.seen import Bill
from vallum_web.billing.services import commands, letters, refresh, refunds
from vallum_web.billing.services.flows import NotNowError
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.mail.letters import letter
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

WITHIN = timedelta(days=14)
EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
"""ISO 3166-1 codes of the members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Of what was paid by one invoice, in hundredths: what is given back."""

    invoice_id: str
    payment: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """`until` when, and what is given back if it is used now."""

    until: datetime
    parts: tuple[Part, ...]
    currency: str

    @property
    def written(self) -> str:
        return money.written(sum(part.amount for part in self.parts), self.currency)


def share(amount: int, began: datetime, ends: datetime, now: datetime) -> int:
    """What of an amount is for the time that is left, rounded up: in the consumer's favour. Pure."""
    whole, left = int((ends - began).total_seconds()), int((ends - now).total_seconds())
    return -(-amount * min(max(left, 0), whole) // whole) if whole > 0 else 0


def right(org: Org) -> Right:
    """Asks the provider. Raises NotNowError, which says why there is none, and what asking raises."""
    with scope(org.pk):
        has = queries.bought(org)
    if has is None:
        raise NotNowError("There is no subscription to withdraw from.")
    if has.account.provider != Provider.STRIPE or Provider.STRIPE not in settings.BILLING:
        raise NotNowError(
            "What is paid in rupees is cancelled at the end of what is paid; ask us where you live elsewhere."
        )
    to = Stripe(settings.BILLING[Provider.STRIPE], org.pk)
    contract = to.contract(has.account.customer_id, has.mirror.subscription_id)
    until = contract.began + WITHIN
    if contract.country not in EU or contract.business:
        raise NotNowError(
            "It is a right of consumers in the European Union: without a tax number, with an address there."
        )
    if clock.now() >= until:
        raise NotNowError(f"The 14 days ended on {money.day(until)}. Cancelled, it ends when what is paid does.")
    return Right(until=until, parts=_parts(to, org, has), currency=has.account.currency)


def _parts(to: Stripe, org: Org, has: Bought) -> tuple[Part, ...]:
    bills = to.look(has.account.customer_id, ()).bills
    own = [bill for bill in bills if bill.subscription_id == has.mirror.subscription_id and bill.status == "paid"]
    parts = [
        Part(invoice_id=bill.invoice_id, payment=to.payment(bill.invoice_id), amount=_back(org, has, bill))
        for bill in own
    ]
    return tuple(part for part in parts if part.payment and part.amount > 0)


def _back(org: Org, has: Bought, bill: Bill) -> int:
    if has.mirror.period_end is None or bill.amount <= 0:
        return 0
    whole = share(bill.amount, bill.issued_at, has.mirror.period_end, clock.now())
    return max(min(whole, bill.amount - refunds.given_back(org, bill.invoice_id)), 0)


def withdraw(org: Org, by: UUID) -> Right:
    """Written down at once with the confirmation, and then sent, again and again until there is an answer.

    Raises NotNowError, and RefusedError of the provider.
    """
    found = right(org)
    with scope(org.pk, user=by):
        has = queries.bought(org)
        if has is None:
            raise NotNowError("There is no subscription to withdraw from.")
        orders = [commands.write(org, by, Provider.STRIPE, "end", {"subscription": has.mirror.subscription_id})]
        for part in found.parts:
            args = {
                "payment": part.payment,
                "invoice": part.invoice_id,
                "amount": part.amount,
                "currency": found.currency,
            }
            orders.append(commands.write(org, by, Provider.STRIPE, "refund", args))
        emit("billing.withdrawn", has.mirror.pk, until=found.until.isoformat())
        letters.withdrawn(org, orders[0], found.written)
    _send(org, orders)
    live.forget(has.account.pk)
    return found


def _send(org: Org, orders: list[BillingCommand]) -> None:
    try:
        for order in orders:
            _send_one(org, order)
        refresh.look(org, Provider.STRIPE)
    except NoAnswerError:
        return  # what is written is sent again each hour, and looked at after


def _send_one(org: Org, order: BillingCommand) -> None:
    """Of what Stripe does not give back, as while it is disputed, a person has to decide: it is owed."""
    try:
        commands.send(order)
    except RefusedError as error:
        if order.kind != "refund":
            raise
        owed = money.written(order.args["amount"], order.args["currency"])
        what = f"{org.name} withdrew from its contract, and Stripe does not give back {owed}: {error}"
        said = letter("payments_alarm", what=what, link=f"{settings.PUBLIC_URL}/operator/refunds/?org={org.slug}")
        letters.tell_operators(said, once=f"withdrawn/{order.pk}")
