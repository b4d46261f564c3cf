"""An organization goes: at first nothing renews any more, and in the end its providers forget who it was.

The three steps are those of a deletion: `stop` when it is asked for, `gather` before its rows go, `erase` after.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from vallum_web.billing import live, queries
from vallum_web.billing.lock import held
from vallum_web.billing.models import BillingEventInbox, InvoiceRef, Provider, PurgedCustomer, SubscriptionMirror
from vallum_web.billing.providers import way
from vallum_web.billing.seen import ALIVE
from vallum_web.billing.services import commands
from vallum_web.billing.wire import RefusedError
from vallum_web.tenancy import clock
from vallum_web.tenancy.jobs import enqueue_alone
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

log = logging.getLogger(__name__)
STOP = "billing.stop"


def stop(key: UUID) -> None:
    """In the transaction that hides it: what is subscribed to ends when what is paid does. A job asks for that.

    The command stays written: if the organization comes back, it is sent once more, and shown as cancelled.
    """
    with scope(key):
        org = Org.objects.get(pk=key)
        rows = SubscriptionMirror.objects.of(key).filter(status__in=ALIVE, cancel_at=None).select_related("account")
        for row in rows.order_by("id"):
            args = {"subscription": row.subscription_id}
            command = commands.write(org, None, row.account.provider, "cancel", args)
            enqueue_alone(
                STOP, provider=row.account.provider, subscription=row.subscription_id, command=str(command.pk)
            )


def stopped(provider: str, subscription: str, command: str) -> None:
    """Ask for it, while its rows are not seen. Raises NoAnswerError: then it is asked again later."""
    if provider not in settings.BILLING:
        log.error("A subscription of an organization that is being deleted goes on: there is no key of %s.", provider)
        return
    to = way(settings.BILLING[provider], None)
    args = {"subscription": subscription}
    try:
        to.do("cancel", args, f"cancel/{command}")
    except RefusedError:
        # Nothing is paid whose end could be waited for.
        to.do("end", args, f"end/{command}")


def gather(key: UUID) -> dict[str, Any]:
    """By which ids its providers know it: when its rows are gone, nothing else says."""
    with scope(key):
        found = []
        for account in queries.accounts(Org.objects.get(pk=key)):
            live.forget(account.pk)
            bills = InvoiceRef.objects.of(key).filter(account=account).order_by("id")
            found.append({
                "provider": account.provider,
                "customer": account.customer_id,
                "subscriptions": list(queries.subscriptions(account.org, account)),
                "invoices": list(bills.values_list("invoice_id", flat=True)),
            })  # fmt: skip
        return {"accounts": found}


def erase(key: UUID, facts: Mapping[str, Any]) -> str:
    """What became of it at each provider, in words for the receipt. Twice is the same as once.

    Raises NoAnswerError, RefusedError: then it is done again later.
    """
    told = [f"{Provider(each['provider']).label}: {_at(key, each)}" for each in facts.get("accounts", ())]
    return "; ".join(told) or "no payment provider knows it"


def _at(key: UUID, known: Mapping[str, Any]) -> str:
    provider, customer, subscriptions = known["provider"], known["customer"], known["subscriptions"]
    # First of all: what is told from now on of this customer is told of nobody.
    _bury(provider, customer, [customer, *subscriptions, *known["invoices"]])
    if provider not in settings.BILLING:
        return "there is no key of it here, so its customer and subscriptions are still to be ended at its dashboard"
    with held(key, provider):
        # For the platform, not for the organization: there is none any more.
        return ", ".join(way(settings.BILLING[provider], None).leave(customer, subscriptions))


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
