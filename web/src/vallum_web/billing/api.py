"""The plan over the API: what holds, how far it is used, and what is subscribed to."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.errors import HttpError
from pydantic import ConfigDict, Field

from vallum_web.accounts import throttle
from vallum_web.accounts.access import TenantRouter, TokenRequest, allow, demand_paid, permits
from vallum_web.billing import queries
from vallum_web.billing.models import Provider
from vallum_web.billing.services import flows, withdrawal
from vallum_web.billing.services.flows import MOST_SEATS, NotNowError, Order
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy import entitlements
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.plans import Currency, Period, What
from vallum_web.tenancy.scope import scope

router = TenantRouter(tags=["plan"])
# A provider is asked meanwhile: no transaction is open, and each of these opens its own scopes.
door = Router(tags=["plan"])
CONFLICT, UNAVAILABLE = 409, 503


class MeterOut(Schema):
    what: What
    used: int
    most: int | None = Field(description="null: any number.")


class PlanOut(Schema):
    plan: str
    source: str = Field(
        description="`settings`, `grant`, `trial`, `stripe` or `razorpay`; empty where nothing is given."
    )
    until: datetime | None = Field(description="null: no end.")
    read_only: bool = Field(description="Until what is owed is paid: changes are answered 402 with `payment_due`.")
    findings_days: int = Field(description="For how many days findings are kept at most that no scan sees any more.")
    meters: list[MeterOut]


class SubscriptionOut(Schema):
    provider: Provider
    plan: str
    status: str
    seats: int
    period_end: datetime | None
    ends_at: datetime | None = Field(description="Once it is cancelled; null: it renews.")
    read_only_from: datetime | None = Field(description="While a payment is overdue.")
    pay_at: str = Field(
        default="",
        description="After a change: where a person agrees to another mandate, which takes the place of this one when what is "
        "paid ends. Empty where none is needed.",
    )


class InvoiceOut(Schema):
    id: str
    number: str
    status: str
    issued_at: datetime
    amount: int = Field(description="In hundredths of the currency, tax included.")
    currency: str
    url: str = Field(description="The provider's own page of it.")


class InvoicesOut(Schema):
    items: list[InvoiceOut]
    pay_at: str = Field(description="Where a payment waits for the customer; empty where none does.")


class WithdrawalOut(Schema):
    given_back: int = Field(description="In hundredths of the currency.")
    currency: str


class OrderIn(Schema):
    model_config = ConfigDict(extra="forbid")

    seats: int = Field(ge=1, le=MOST_SEATS)
    period: Period
    currency: Currency


class OrderOut(Schema):
    command: UUID
    pay_at: str = Field(description="The provider's page: a person pays there. No card is ever sent here.")


class ChangeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    seats: int | None = Field(
        default=None, ge=1, le=MOST_SEATS, description="More at once, fewer from the next invoice on."
    )
    period: Period | None = Field(default=None, description="A year at once, a month when the year ends.")


@router.get("", response=PlanOut, summary="The plan, and how far it is used")
@permits("plan.read")
def plan_get(request: TokenRequest) -> PlanOut:
    org = request.auth.org
    entitled = entitlements.of(org)
    return PlanOut(
        plan=entitled.plan.id,
        source=entitled.source,
        until=entitled.until,
        read_only=entitled.read_only,
        findings_days=entitled.window.most,
        meters=[MeterOut(what=row.what, used=row.used, most=row.most) for row in queries.meters(org, entitled)],
    )


def _asks(action: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """As `TenantRouter` with `permits`, without a scope around it; what a provider says becomes an answer."""

    def guard(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(request: TokenRequest, *args: Any, **kwargs: Any) -> Any:
            allow(request.auth, action)
            throttle.act(request, action, request.auth.org_id)
            demand_paid(request.auth, action)
            if request.method != "GET" and not settings.BILLING:
                raise HttpError(CONFLICT, "Nothing is sold on this installation: whoever runs it sets the plan.")
            try:
                return function(request, *args, **kwargs)
            except NotNowError as error:
                raise HttpError(CONFLICT, str(error)) from error
            except RefusedError as error:
                raise HttpError(CONFLICT, f"The payment provider said no: {error}") from error
            except NoAnswerError as error:
                raise HttpError(
                    UNAVAILABLE, "The payment provider has not answered: what was asked is sent again."
                ) from error

        return permits(action)(run)

    return guard


@door.get("/subscription", response=SubscriptionOut | None, summary="What is subscribed to; null where nothing is")
@_asks("billing.read")
def subscription_get(request: HttpRequest) -> SubscriptionOut | None:
    return _subscription(_org(request))


@door.post("/subscription", response={201: OrderOut}, summary="Begin a subscription: the answer says where it is paid")
@_asks("billing.change")
def subscription_begin(request: HttpRequest, body: OrderIn) -> Status[OrderOut]:
    order = Order(period=body.period, currency=body.currency, seats=body.seats)
    command = flows.checkout(_org(request), _by(request), order)
    return Status(201, OrderOut(command=command.pk, pay_at=flows.away(command)))


@door.patch("/subscription", response=SubscriptionOut | None, summary="More or fewer seats, or another period")
@_asks("billing.change")
def subscription_change(request: HttpRequest, body: ChangeIn) -> SubscriptionOut | None:
    if (body.seats is None) == (body.period is None):
        raise HttpError(422, "Send `seats` or `period`, one of the two.")
    org, by = _org(request), _by(request)
    done = flows.set_period(org, by, body.period) if body.period else flows.set_seats(org, by, body.seats or 0)
    told = _subscription(org)
    if told is not None and done.kind == "checkout":
        told.pay_at = flows.away(done)
    return told


@door.delete("/subscription", response=SubscriptionOut | None, summary="Cancel, at the end of what is paid")
@_asks("billing.change")
def subscription_cancel(request: HttpRequest) -> SubscriptionOut | None:
    flows.cancel(_org(request), _by(request))
    return _subscription(_org(request))


@door.post("/subscription/resumption", response=SubscriptionOut | None, summary="Take a cancellation back")
@_asks("billing.change")
def subscription_resume(request: HttpRequest) -> SubscriptionOut | None:
    flows.resume(_org(request), _by(request))
    return _subscription(_org(request))


@door.post(
    "/subscription/withdrawal",
    response=WithdrawalOut,
    summary="Withdraw within 14 days: it ends now, the rest is given back",
)
@_asks("billing.change")
def subscription_withdraw(request: HttpRequest) -> WithdrawalOut:
    """For consumers in the European Union; 409 for others, and later."""
    done = withdrawal.withdraw(_org(request), _by(request))
    return WithdrawalOut(given_back=sum(part.amount for part in done.parts), currency=done.currency)


@door.get("/invoices", response=InvoicesOut, summary="Invoices, from the provider; kept for five minutes")
@_asks("billing.read")
def invoices_list(request: HttpRequest) -> InvoicesOut:
    shown = flows.shown(_org(request))
    return InvoicesOut(
        items=[
            InvoiceOut(
                id=bill.invoice_id,
                number=bill.number,
                status=bill.status,
                issued_at=bill.issued_at,
                amount=bill.amount,
                currency=bill.currency,
                url=bill.url,
            )
            for bill in (shown.bills if shown else ())
        ],
        pay_at=shown.pay_at if shown else "",
    )


def _org(request: Any) -> Org:
    org: Org = request.auth.org
    return org


def _by(request: Any) -> UUID:
    by: UUID = request.auth.by
    return by


def _subscription(org: Org) -> SubscriptionOut | None:
    with scope(org.pk):
        has = queries.bought(org)
    if has is None:
        return None
    row = has.mirror
    return SubscriptionOut(
        provider=Provider(has.account.provider),
        plan=row.plan,
        status=row.status,
        seats=row.seats,
        period_end=row.period_end,
        ends_at=row.cancel_at,
        read_only_from=has.read_only_from,
    )
