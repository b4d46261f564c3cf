"""Objects as the pinned version of the API has them, by the fields that Stripe's own library declares.

What the library calls optional is null until somebody fills it; what it calls sure must be given, and nothing else may.
"""

import types
from functools import cache
from typing import Any, Final, Union, get_args, get_origin

import stripe

CLASSES: Final[dict[str, type]] = {
    "billing_portal.configuration": stripe.billing_portal.Configuration,
    "billing_portal.session": stripe.billing_portal.Session,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "coupon": stripe.Coupon,
    "credit_note": stripe.CreditNote,
    "credit_note_line_item": stripe.CreditNoteLineItem,
    "customer": stripe.Customer,
    "customer_balance_transaction": stripe.CustomerBalanceTransaction,
    "discount": stripe.Discount,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "invoiceitem": stripe.InvoiceItem,
    "item": stripe.LineItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "plan": stripe.Plan,
    "price": stripe.Price,
    "product": stripe.Product,
    "promotion_code": stripe.PromotionCode,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "subscription_schedule": stripe.SubscriptionSchedule,
    "tax_id": stripe.TaxId,
    "test_helpers.test_clock": stripe.test_helpers.TestClock,
    "webhook_endpoint": stripe.WebhookEndpoint,
}

# Left out unless asked for by `expand`, or present in some states only.
HIDDEN: Final = frozenset({
    "deleted", "payments", "tax_ids", "subscriptions", "sources", "line_items", "cash_balance", "tiers",
    "currency_options", "invoice_credit_balance", "tax", "presentment_details", "refunds",
})  # fmt: skip


@cache
def _fields(kind: str) -> tuple[frozenset[str], frozenset[str]]:
    """Those that are sure, and those that may be null."""
    sure: set[str] = set()
    null: set[str] = set()
    for name, annotation in CLASSES[kind].__annotations__.items():
        if name.startswith("_") or "ClassVar" in str(annotation):
            continue
        optional = get_origin(annotation) in {Union, types.UnionType} and type(None) in get_args(annotation)
        (null if optional else sure).add(name)
    return frozenset(sure), frozenset(null)


def made(kind: str, **fields: Any) -> dict[str, Any]:
    sure, null = _fields(kind)
    if "metadata" in sure | null:
        fields.setdefault("metadata", {})
    given = {"object": kind, **fields}
    if absent := sure - given.keys():
        raise LookupError(f"A {kind} has {', '.join(sorted(absent))}.")
    if foreign := given.keys() - sure - null:
        raise LookupError(f"A {kind} has no {', '.join(sorted(foreign))}.")
    return {**dict.fromkeys(sorted(null - HIDDEN)), **given}


def listing(data: list[Any], url: str, *, more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": data, "has_more": more, "url": url}
