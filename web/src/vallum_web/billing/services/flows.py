"""What people do about their plan: subscribe, more and fewer seats, another period, cancel, resume. All outside of a scope."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from vallum_web.billing import live, queries
from vallum_web.billing.models import BillingAccount, BillingCommand, Provider, Status, SubscriptionMirror
from vallum_web.billing.providers import way
from vallum_web.billing.providers.stripe import Stripe
from vallum_web.billing.queries import Bought
from vallum_web.billing.seen import ALIVE
from vallum_web.billing.services import commands, refresh
from vallum_web.billing.wire import RefusedError
from vallum_web.tenancy import clock, entitlements
from vallum_web.tenancy.models import Entitlement, Org
from vallum_web.tenancy.plans import PRO, Currency, Period, What
from vallum_web.tenancy.scope import scope

BEFORE_RENEWAL = timedelta(hours=24)
"""A smaller subscription is asked for so long before the next invoice is made."""
SOONEST = timedelta(hours=49)
"""A provider begins no subscription later that would begin sooner than this (Stripe: 48 hours)."""
MOST_SEATS = 10_000
PROVIDERS = {Currency.EUR: Provider.STRIPE, Currency.INR: Provider.RAZORPAY}
"""Who sells in which currency."""


class NotNowError(ValueError):
    """It cannot be done as things are; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants to subscribe to."""

    period: Period
    currency: Currency
    seats: int

    @property
    def provider(self) -> str:
        return PROVIDERS[self.currency]


def currencies() -> list[Currency]:
    """In which of them something can be bought here."""
    return [currency for currency, provider in PROVIDERS.items() if provider in settings.BILLING]


def checkout(org: Org, by: UUID, order: Order) -> BillingCommand:
    """Begin a subscription; `away` says where the customer pays for it. Raises NotNowError, NoAnswerError, RefusedError."""
    if order.provider not in settings.BILLING:
        raise NotNowError(f"Nothing is sold in {order.currency} here.")
    with scope(org.pk, user=by):
        has = queries.bought(org)
        follows = queries.next_one(org, has) if has else None
        _enough(org, order.seats)
        trial = next((row for row in entitlements.given(org) if row.source == Entitlement.Source.TRIAL), None)
    if has and (not has.ends or has.account.provider == order.provider):
        raise NotNowError("There is a subscription already: change that one, or cancel it first.")
    if follows:
        raise NotNowError("There is a subscription already that begins when this one ends.")
    begins = max(filter(None, [trial.until if trial else None, has.mirror.cancel_at if has else None]), default=None)
    args: dict[str, Any] = {
        "org": str(org.pk),
        "plan": PRO.id,
        "period": order.period.value,
        "currency": order.currency.value,
        "seats": order.seats,
        "back": f"{settings.PUBLIC_URL}/{org.slug}/settings/plan/",
    }
    if begins and begins > clock.now() + SOONEST:
        args["trial_end"] = int(begins.timestamp())
    if order.provider == Provider.STRIPE:
        args["customer"] = _customer(org, by)
    return commands.carry_out(org, by, order.provider, "checkout", args)


def away(command: BillingCommand) -> str:
    """The provider's page on which what was begun is paid for. Raises NoAnswerError, RefusedError."""
    return way(settings.BILLING[command.provider], command.org_id).link(command.kind, command.result_id)


def back(org: Org) -> None:
    """After the customer came back: what they say counts for nothing, what the provider says does."""
    with scope(org.pk):
        rows = BillingCommand.objects.of(org).filter(kind="checkout", state=BillingCommand.State.DONE).order_by("-id")
        last = rows.first()
    if last is None or last.provider not in settings.BILLING:
        return
    made = last.result_id
    if last.provider == Provider.STRIPE:
        refresh.look(org, last.provider, customer_id=str(last.args["customer"]))
    else:
        refresh.look(org, last.provider, more=(made,))
        end_replaced(org)
    _forget(org)


def preview(org: Org, seats: int) -> tuple[int, str] | None:
    """What so many seats cost now, in hundredths; None where the provider does not say beforehand."""
    has = _has(org)
    to = way(settings.BILLING[has.account.provider], org.pk)
    if not isinstance(to, Stripe):
        return None
    return to.preview(has.mirror.subscription_id, {"seats": seats, "at": int(clock.now().timestamp())})


def set_seats(org: Org, by: UUID, seats: int, *, at: int | None = None) -> BillingCommand:
    """More at once, and paid at once; fewer from the next invoice on. `at`: the second that a preview was made for."""
    has = _has(org)
    if seats == has.mirror.seats:
        raise NotNowError(f"There are {seats} seats already.")
    with scope(org.pk):
        _enough(org, seats)
    args: dict[str, Any] = {"subscription": has.mirror.subscription_id, "seats": seats}
    if seats > has.mirror.seats:
        moment = at if at and abs(clock.now().timestamp() - at) < 3600 else int(clock.now().timestamp())
        return _asked(org, by, has, "change", {**args, "at": moment})
    return _asked(org, by, has, "lower", args)


def set_period(org: Org, by: UUID, period: Period) -> BillingCommand:
    """A year at once, and paid at once; a month from the end of the year on."""
    has = _has(org)
    present = way(settings.BILLING[has.account.provider], org.pk).period(has.mirror.price_id)
    if present == period:
        raise NotNowError(f"It is paid by the {period} already.")
    args = {
        "subscription": has.mirror.subscription_id,
        "seats": has.mirror.seats,
        "plan": has.mirror.plan,
        "period": period.value,
        "currency": has.account.currency,
    }
    if period is Period.YEAR:
        return _asked(org, by, has, "change", {**args, "at": int(clock.now().timestamp())})
    return _asked(org, by, has, "lower", args)


def _asked(org: Org, by: UUID, has: Bought, kind: str, args: Mapping[str, Any]) -> BillingCommand:
    """Stripe takes what becomes less when its time has come; Razorpay takes all now, or none of it ever."""
    provider = has.account.provider
    if provider == Provider.STRIPE:
        return (
            _later(org, by, has, args)
            if kind == "lower"
            else _done(org, commands.carry_out(org, by, provider, kind, args))
        )
    try:
        return _done(org, commands.carry_out(org, by, provider, kind, args))
    except RefusedError:
        return _replaced(org, by, has, args)


def _replaced(org: Org, by: UUID, has: Bought, args: Mapping[str, Any]) -> BillingCommand:
    """A mandate by UPI or of an Indian card cannot be changed: another one takes its place when what is paid ends."""
    end = has.mirror.period_end
    if end is None or end <= clock.now():
        raise NotNowError("Pay the open invoice first.")
    period = args.get("period") or way(settings.BILLING[has.account.provider], org.pk).period(has.mirror.price_id)
    sent = {
        "org": str(org.pk),
        "plan": has.mirror.plan,
        "period": period,
        "currency": has.account.currency,
        "seats": args["seats"],
        "trial_end": int(end.timestamp()),
        "replaces": has.mirror.subscription_id,
    }
    return commands.carry_out(org, by, has.account.provider, "checkout", sent)


def end_replaced(org: Org) -> None:
    """Cancel what another mandate takes the place of, once that one is given. Raises NoAnswerError, RefusedError."""
    with scope(org.pk):
        done = BillingCommand.objects.of(org).filter(state=BillingCommand.State.DONE)
        made = list(done.filter(kind="checkout", args__has_key="replaces"))
        ended = {row.args["subscription"] for row in done.filter(kind="cancel")}
        alive = {row.subscription_id for row in SubscriptionMirror.objects.of(org).filter(status__in=ALIVE)}
    for row in made:
        old = row.args["replaces"]
        if row.result_id in alive and old in alive and old not in ended:
            commands.carry_out(org, row.asked_by, row.provider, "cancel", {"subscription": old})
            refresh.look(org, row.provider)


def cancel(org: Org, by: UUID) -> BillingCommand:
    """At the end of what is paid."""
    has = _has(org)
    if has.ends:
        raise NotNowError("It is cancelled already.")
    args = {"subscription": has.mirror.subscription_id}
    return _done(org, commands.carry_out(org, by, has.account.provider, "cancel", args))


def resume(org: Org, by: UUID) -> BillingCommand:
    has = _has(org)
    if not has.ends:
        raise NotNowError("It is not cancelled.")
    if has.account.provider == Provider.RAZORPAY:
        raise NotNowError("Razorpay does not take a cancellation back: subscribe again, from the day this one ends.")
    args = {"subscription": has.mirror.subscription_id}
    return _done(org, commands.carry_out(org, by, has.account.provider, "resume", args))


def portal(org: Org) -> str:
    """The provider's page for ways of paying, addresses and tax numbers."""
    with scope(org.pk):
        known = [account for account in queries.accounts(org) if account.provider == Provider.STRIPE]
    if not known or Provider.STRIPE not in settings.BILLING:
        raise NotNowError("There is no such page: what you pay with is changed where you pay an invoice.")
    to = Stripe(settings.BILLING[Provider.STRIPE], org.pk)
    return to.portal(known[0].customer_id, f"{settings.PUBLIC_URL}/{org.slug}/settings/plan/back/")


def shown(org: Org) -> live.Live | None:
    """Invoices and what waits, from the provider; None where nothing was ever bought."""
    with scope(org.pk):
        has = queries.bought(org)
        known = [account for account in queries.accounts(org) if account.provider in settings.BILLING]
        account = next((row for row in known if has and row.pk == has.account.pk), known[-1] if known else None)
        keys = queries.subscriptions(org, account) if account else ()
        kept = queries.kept(org, account) if account else ()
    return live.of(account, keys, kept) if account else None


def _customer(org: Org, by: UUID) -> str:
    """Stripe's id of the organization, made the first time."""
    with scope(org.pk):
        known = BillingAccount.objects.of(org).filter(provider=Provider.STRIPE).first()
    if known:
        return known.customer_id
    made = commands.carry_out(org, by, Provider.STRIPE, "customer", {"org": str(org.pk)}).result_id
    with scope(org.pk):
        kept, _ = BillingAccount.objects.of(org).get_or_create(
            org=org, provider=Provider.STRIPE, defaults={"customer_id": made, "currency": Currency.EUR}
        )
        return kept.customer_id


def _has(org: Org) -> Bought:
    with scope(org.pk):
        found = queries.bought(org)
    if found is None or found.account.provider not in settings.BILLING:
        raise NotNowError("There is no subscription to change.")
    return found


def _enough(org: Org, seats: int) -> None:
    members = queries.used(org)[What.MEMBERS]
    if not 1 <= seats <= MOST_SEATS:
        raise NotNowError(f"Seats are from 1 to {MOST_SEATS:,}.")
    if seats < members:
        raise NotNowError(f"{org.name} has {members} members: remove {members - seats} first, or keep {members} seats.")


def _later(org: Org, by: UUID, has: Bought, args: Mapping[str, Any]) -> BillingCommand:
    """Written down, and sent before the next invoice is made."""
    end = has.mirror.period_end
    if has.mirror.status == Status.PAST_DUE or end is None:
        raise NotNowError("Pay the open invoice first.")
    with scope(org.pk):
        for row in queries.planned(org):
            if row.kind == "lower":
                commands.take_back(org, by, row.pk)
    due = max(end - BEFORE_RENEWAL, clock.now())
    return commands.write(
        org, by, has.account.provider, "lower", {**args, "due": due.isoformat(), "from": end.isoformat()}
    )


def _done(org: Org, command: BillingCommand) -> BillingCommand:
    """What was asked for is seen at once: the webhook that tells of it may take its time."""
    refresh.look(org, command.provider)
    _forget(org)
    return command


def _forget(org: Org) -> None:
    with scope(org.pk):
        for account in queries.accounts(org):
            live.forget(account.pk)
