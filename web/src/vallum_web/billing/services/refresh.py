"""Bring what is kept of an account up to date with what its provider says now, and the entitlement with it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Min

from vallum_web.billing import queries
from vallum_web.billing.lock import held
from vallum_web.billing.models import BillingAccount, BillingCommand, InvoiceRef, Provider, Status, SubscriptionMirror
from vallum_web.billing.providers import way
from vallum_web.billing.seen import ALIVE, OPEN, OVER, Look, Seen, Whose, best
from vallum_web.billing.services import letters
from vallum_web.tenancy import clock, entitlements
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Entitlement, Org
from vallum_web.tenancy.plans import PRO, TRIAL, Given
from vallum_web.tenancy.scope import Purpose, scope

BEING_DELETED = "It is being deleted."
FIELDS = ("price_id", "plan", "status", "seats", "period_end", "cancel_at", "trial_end")


def account(org: UUID, provider: str, found: Whose) -> str:
    """Ask the provider about the account that an object leads to. Why nothing was done, or an empty text."""
    with scope(org):
        held_org = Org.objects.filter(pk=org).first()
        known = BillingAccount.objects.of(org).filter(provider=provider).first()
    if held_org is None:
        with scope(org, purpose=Purpose.PRIVACY):
            hidden = Org.objects.filter(pk=org).exists()
        return BEING_DELETED if hidden else "It names an organization that is not here."
    # Razorpay makes a customer of whoever pays: there only the note that we wrote says whose a subscription is.
    if known and provider == Provider.STRIPE and known.customer_id != found.customer_id:
        return "It is of another customer than the organization's."
    look(
        held_org,
        provider,
        customer_id=found.customer_id,
        more=(found.subscription_id,) if found.subscription_id else (),
    )
    return ""


def look(org: Org, provider: str, *, customer_id: str = "", more: Sequence[str] = ()) -> bool:
    """Ask now and write down what is answered; whether anything kept was different. Raises NoAnswerError, RefusedError.

    Called outside of a scope: no transaction is open while the provider is asked.
    """
    with held(org.pk, provider):
        asked_at = clock.now()
        with scope(org.pk):
            known = BillingAccount.objects.of(org).filter(provider=provider).first()
            mirrors = SubscriptionMirror.objects.of(org).filter(account__provider=provider)
            subscriptions = [*dict.fromkeys([*mirrors.values_list("subscription_id", flat=True), *more])]
        customer = known.customer_id if known else customer_id
        said = way(settings.BILLING[provider], org.pk).look(customer, subscriptions)
        with scope(org.pk):
            return _write(org, provider, said, asked_at)


def _write(org: Org, provider: str, said: Look, asked_at: datetime) -> bool:
    account, made = BillingAccount.objects.get_or_create(
        org=org, provider=provider, defaults={"customer_id": said.customer_id, "currency": said.currency}
    )
    facts = {
        name: value
        for name, value in {
            "customer_id": said.customer_id, "region": said.region, "currency": said.currency
        }.items()
        if value and getattr(account, name) != value
    }  # fmt: skip
    if facts:
        BillingAccount.objects.of(org).filter(pk=account.pk).update(**facts)
    changed = [_mirror(org, account, seen, asked_at) for seen in said.subscriptions]
    _gone(org, account, said, asked_at)
    _invoices(org, account, said)
    wanted = best(provider, kept(org, account))
    moved = entitlements.give(org, _not_before(org, account, wanted)) if wanted else False
    letters.remind(org, account)
    return made or moved or any(changed)


def _not_before(org: Org, account: BillingAccount, wanted: Given) -> Given:
    """What begins when another provider's subscription ends gives no more seats than that one until then."""
    now = queries.bought(org)
    if now is None or now.account == account or now.mirror.status == Status.TRIALING or wanted.seats is None:
        return wanted
    return replace(wanted, seats=min(wanted.seats, now.mirror.seats))


def _mirror(org: Org, account: BillingAccount, seen: Seen, asked_at: datetime) -> bool:
    rows = SubscriptionMirror.objects.of(org).filter(account=account, subscription_id=seen.subscription_id)
    row = rows.select_for_update(of=("self",)).first()
    told = {name: getattr(seen, name) for name in FIELDS}
    if seen.status in ALIVE and seen.cancel_at is None and _cancelled(org, account, seen):
        told["cancel_at"] = seen.period_end
        seen = replace(seen, cancel_at=seen.period_end)
    if row is None:
        told["cancel_at"] = _end(seen, None, asked_at)
        row = SubscriptionMirror.objects.create(
            org=org, account=account, subscription_id=seen.subscription_id, fetched_at=asked_at, **told
        )
        emit("billing.subscribed", row.pk, plan=seen.plan, seats=seen.seats, status=seen.status)
        return True
    if row.fetched_at > asked_at:
        return False
    told["cancel_at"] = _end(seen, row, asked_at)
    was = {name: getattr(row, name) for name in FIELDS}
    rows.update(fetched_at=asked_at, **told)
    different = sorted(name for name in FIELDS if was[name] != told[name])
    if was["status"] == Status.PAST_DUE and told["status"] in OVER:
        letters.ended(org, row)
    if different:
        said = {name: _plain(told[name]) for name in different}
        emit("billing.changed", row.pk, **said, was={name: _plain(was[name]) for name in different})
    return bool(different)


def _cancelled(org: Org, account: BillingAccount, seen: Seen) -> bool:
    """Whether we had it cancelled at the end of its period: Razorpay does as told, and does not show it."""
    if account.provider != Provider.RAZORPAY:
        return False
    done = BillingCommand.objects.of(org).filter(kind="cancel", state=BillingCommand.State.DONE)
    return bool(done.filter(args__subscription=seen.subscription_id).exists())


def _end(seen: Seen, row: SubscriptionMirror | None, asked_at: datetime) -> datetime | None:
    """What is over ended when it says, or when we first saw that it had: a later look does not move that."""
    if seen.status not in OVER or (seen.cancel_at and seen.cancel_at <= asked_at):
        return seen.cancel_at
    return row.cancel_at if row and row.status in OVER and row.cancel_at else asked_at


def _gone(org: Org, account: BillingAccount, said: Look, asked_at: datetime) -> None:
    """A customer that the provider knows no more has nothing any more."""
    if said.gone:
        alive = SubscriptionMirror.objects.of(org).filter(account=account, status__in=ALIVE)
        alive.exclude(subscription_id__in=[seen.subscription_id for seen in said.subscriptions]).update(
            status="canceled", cancel_at=asked_at, fetched_at=asked_at
        )


def kept(org: Org, account: BillingAccount) -> Sequence[Seen]:
    """What the mirrors say, with since when the account owes."""
    bills = InvoiceRef.objects.of(org).filter(account=account, status__in=OPEN)
    owed_since = bills.aggregate(first=Min("issued_at"))["first"]
    return [
        Seen(
            subscription_id=row.subscription_id,
            owed_since=owed_since,
            **{**{name: getattr(row, name) for name in FIELDS}, "status": Status(row.status)},
        )
        for row in SubscriptionMirror.objects.of(org).filter(account=account)
    ]


def _invoices(org: Org, account: BillingAccount, said: Look) -> None:
    rows = [
        InvoiceRef(
            org=org,
            account=account,
            invoice_id=bill.invoice_id,
            number=bill.number,
            status=bill.status,
            issued_at=bill.issued_at,
        )
        for bill in said.bills
    ]
    InvoiceRef.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["org", "account", "invoice_id"],
        update_fields=["number", "status", "issued_at"],
    )


def begin_trial(org: Org, by: UUID) -> bool:
    """Pro for 14 days, once in an organization's life and without any provider; whether it began."""
    from_now = Given(source=Entitlement.Source.TRIAL, plan=PRO.id, until=clock.now() + TRIAL)
    with scope(org.pk, user=by):
        entitlements.hold(org)
        if not queries.trial_left(org):
            return False
        return entitlements.give(org, from_now)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
