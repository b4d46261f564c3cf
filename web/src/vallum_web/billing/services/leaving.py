"""An organization goes: nothing is charged any more, and its providers forget who it was. All outside of a scope."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db import transaction

from vallum_web.billing import live, queries
from vallum_web.billing.lock import held
from vallum_web.billing.models import BillingEventInbox, InvoiceRef, PurgedCustomer, SubscriptionMirror
from vallum_web.billing.providers import way
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What was done at one provider, in words for the receipt. `whole`: nothing is left for a person to do."""

    provider: str
    done: tuple[str, ...]
    whole: bool


def leave(key: UUID) -> tuple[Left, ...]:
    """At each provider that knows the organization: end what is subscribed to, and delete or write over the customer.

    Called before its rows go, and again after a failure: what is done stays done. Raises NoAnswerError, RefusedError.
    """
    with scope(key):
        org = Org.objects.get(pk=key)
        known = [(row, queries.subscriptions(org, row)) for row in queries.accounts(org)]
        bills = list(InvoiceRef.objects.of(org).values_list("invoice_id", flat=True))
    left = []
    for account, subscriptions in known:
        # First of all: what is told from now on of this customer is told of nobody.
        _bury(account.provider, account.customer_id, [account.customer_id, *subscriptions, *bills])
        live.forget(account.pk)
        if account.provider not in settings.BILLING:
            what = "no key of it is here: its customer and subscriptions are to be ended at its dashboard"
            left.append(Left(provider=account.provider, done=(what,), whole=False))
            continue
        with held(key, account.provider):
            done = way(settings.BILLING[account.provider], key).leave(account.customer_id, subscriptions)
        with scope(key):
            rows = SubscriptionMirror.objects.of(key).filter(account=account).exclude(status="canceled")
            rows.update(status="canceled", cancel_at=clock.now(), fetched_at=clock.now())
        left.append(Left(provider=account.provider, done=tuple(done), whole=True))
    return tuple(left)


def gone(provider: str, customer_id: str) -> bool:
    return PurgedCustomer.objects.filter(digest=digest(provider, customer_id)).exists()


def digest(provider: str, customer_id: str) -> bytes:
    return sha256(f"{provider}|{customer_id}".encode()).digest()


def prune(before: datetime) -> int:
    return PurgedCustomer.objects.filter(at__lt=before).delete()[0]


def dropped() -> int:
    """Late notices about customers who are gone."""
    return BillingEventInbox.objects.filter(state=BillingEventInbox.State.DROPPED).count()


def _bury(provider: str, customer_id: str, ids: list[str]) -> None:
    with transaction.atomic():
        grave = PurgedCustomer(digest=digest(provider, customer_id), at=clock.now())
        PurgedCustomer.objects.bulk_create([grave], ignore_conflicts=True)
        heard = BillingEventInbox.objects.filter(provider=provider, object_id__in=ids)
        heard.update(object_id="", state=BillingEventInbox.State.DONE)
