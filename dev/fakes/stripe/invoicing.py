"""The endpoints of invoices: list, pay, void, and the preview of what a change would cost."""

from typing import Any, Final

from dev.fakes.stripe import changes
from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.cards import method
from dev.fakes.stripe.collect import paid, pay, refused
from dev.fakes.stripe.cycle import preview
from dev.fakes.stripe.errors import Refused, missing, state
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.invoices import close, compose, finalize, gather, payments, save
from dev.fakes.stripe.lines import of_item, of_waiting, waiting
from dev.fakes.stripe.params import (
    MOMENT,
    NAME,
    Needed,
    choice,
    clears,
    currency,
    flag,
    group,
    many,
    merged,
    metadata,
    or_word,
    text,
    whole,
)
from dev.fakes.stripe.standing import OVER, items
from dev.fakes.stripe.subscribing import PRORATIONS, QUANTITY
from dev.fakes.stripe.world import Thing, World

STATUSES: Final = ("draft", "open", "paid", "uncollectible", "void")


def _list(ask: Ask) -> Thing:
    given = ask.filters(
        {"customer": NAME, "subscription": NAME, "status": choice(*STATUSES), "collection_method": NAME},
        "InvoiceListParams",
    )

    def keep(each: Thing) -> bool:
        plain = all(
            each[field] == given.get(field, each[field]) for field in ("customer", "status", "collection_method")
        )
        return plain and ("subscription" not in given or given["subscription"] == _subscription(each))

    return ask.page("invoice", keep)


def _subscription(invoice: Thing) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    named: str | None = details.get("subscription")
    return named


def _create(ask: Ask) -> Thing:
    given = ask.take(
        {
            "customer": Needed(NAME),
            "auto_advance": flag,
            "collection_method": choice("charge_automatically", "send_invoice"),
            "days_until_due": whole(least=0),
            "description": clears(text()),
            "metadata": metadata,
            "currency": currency,
            "pending_invoice_items_behavior": choice("include", "exclude"),
            "default_payment_method": NAME,
        },
        "InvoiceCreateParams",
    )
    world = ask.world
    customer = world.customer(given["customer"])
    money = given.get("currency") or customer["currency"] or "eur"
    included = given.get("pending_invoice_items_behavior") == "include"
    waited = waiting(world, customer["id"], None, money) if included else []
    plain = ("auto_advance", "collection_method", "description", "default_payment_method")
    made = compose(
        world,
        customer,
        [of_waiting(world, each) for each in waited],
        money=money,
        reason="manual",
        metadata=merged({}, given.get("metadata", {})),
        **{"auto_advance": False, **{each: given[each] for each in plain if each in given}},
    )
    draft = save(world, made, waited)
    world.hidden[draft["id"]]["days_until_due"] = given.get("days_until_due", 30)
    if draft["auto_advance"]:
        draft["automatically_finalizes_at"] = draft["created"] + 3600
        world.plan(draft["created"] + 3600, "finalize", draft)
    return draft


def _update(ask: Ask) -> Thing:
    invoice = ask.named("invoice")
    given = ask.take(
        {
            "metadata": metadata,
            "description": clears(text()),
            "auto_advance": flag,
            "default_payment_method": clears(NAME),
        },
        "InvoiceUpdateParams",
    )
    if invoice["status"] != "draft" and given.keys() - {"metadata", "auto_advance"}:
        raise state("An invoice that is final keeps what it says.", "invoice_not_editable")
    before = dict(invoice)
    given["metadata"] = merged(invoice["metadata"], given.get("metadata", {}))
    invoice.update(given)
    emit(ask.world, "invoice.updated", invoice, before)
    return invoice


def _delete(ask: Ask) -> Thing:
    invoice = ask.named("invoice")
    if invoice["status"] != "draft" or _subscription(invoice):
        raise state("Only a draft that belongs to no subscription can be deleted.", "invoice_not_editable")
    for each in ask.world.all("invoiceitem", lambda one: one["invoice"] == invoice["id"]):
        ask.world.remove(each)
    emit(ask.world, "invoice.deleted", invoice)
    return ask.world.remove(invoice)


def _finalize(ask: Ask) -> Thing:
    invoice = ask.named("invoice")
    given = ask.take({"auto_advance": flag}, "InvoiceFinalizeInvoiceParams")
    invoice["auto_advance"] = given.get("auto_advance", invoice["auto_advance"])
    finalize(ask.world, invoice)
    if not invoice["amount_due"]:
        paid(ask.world, invoice)
    elif invoice["auto_advance"] and invoice["collection_method"] == "charge_automatically":
        pay(ask.world, invoice)
    return invoice


def _pay(ask: Ask) -> Thing:
    invoice = ask.named("invoice")
    given = ask.take(
        {"payment_method": NAME, "off_session": flag, "paid_out_of_band": flag, "forgive": flag}, "InvoicePayParams"
    )
    world = ask.world
    if invoice["status"] == "draft":
        finalize(world, invoice)
    if invoice["status"] == "uncollectible":
        invoice["status"] = "open"
    if invoice["status"] != "open":
        raise state(f"The invoice is {invoice['status']}.", "invoice_not_editable")
    if given.get("paid_out_of_band"):
        paid(world, invoice, out_of_band=True)
        return invoice
    paying = method(world, given["payment_method"], "payment_method") if "payment_method" in given else None
    if not pay(world, invoice, paying):
        raise refused(world, invoice)
    return invoice


def _close(status: str) -> Any:
    def door(ask: Ask) -> Thing:
        invoice = ask.named("invoice")
        ask.take({})
        close(ask.world, invoice, status)
        return invoice

    return door


def _send(ask: Ask) -> Thing:
    invoice = ask.named("invoice")
    ask.take({}, "InvoiceSendInvoiceParams")
    if invoice["collection_method"] != "send_invoice" or invoice["status"] not in {"draft", "open"}:
        raise state("Only an invoice that is to be sent, and is open, can be.", "invoice_not_editable")
    if invoice["status"] == "draft":
        finalize(ask.world, invoice)
    emit(ask.world, "invoice.sent", invoice)
    return invoice


def _lines(ask: Ask) -> Thing:
    invoice = ask.named("invoice")
    if invoice["status"] == "draft":
        gather(ask.world, invoice)
    return ask.paged(invoice["lines"]["data"])


_ITEM: Final = group({"id": NAME, "price": NAME, "quantity": QUANTITY, "deleted": flag})
_DETAILS: Final = group({
    "items": many(_ITEM, most=20), "proration_behavior": PRORATIONS, "proration_date": MOMENT, "cancel_at_period_end": flag,
    "cancel_now": flag, "billing_cycle_anchor": choice("now", "unchanged"), "trial_end": or_word("now", MOMENT),
})  # fmt: skip


def _preview(ask: Ask) -> Thing:
    """Nothing is kept of it. With `always_invoice` it shows the invoice of the change, else the next renewal's with the change in it."""
    given = ask.take(
        {
            "customer": NAME,
            "subscription": NAME,
            "subscription_details": _DETAILS,
            "preview_mode": choice("next", "recurring"),
        },
        "InvoiceCreatePreviewParams",
    )
    world = ask.world
    details = given.get("subscription_details", {})
    if "subscription" not in given:
        if "customer" not in given:
            raise missing("customer")
        return _of_customer(world, world.customer(given["customer"]))
    sub = world.given("subscription", given["subscription"], "subscription")
    if sub["status"] in OVER:
        raise Refused("There is no next invoice.", code="invoice_upcoming_none", param="subscription", status=404)
    if "customer" in given and sub["customer"] != given["customer"]:
        raise Refused("The subscription is not this customer's.", param="customer")
    return _changed(world, sub, details)


def _of_customer(world: World, customer: Thing) -> Thing:
    found = world.all("subscription", lambda each: each["customer"] == customer["id"] and each["status"] not in OVER)
    if not found:
        raise Refused("There is no next invoice.", code="invoice_upcoming_none", param="customer", status=404)
    return preview(world, min(found, key=lambda each: items(each)[0]["current_period_end"]))


def _changed(world: World, sub: Thing, details: Thing) -> Thing:
    now = world.now(sub["test_clock"])
    at = details.get("proration_date", now)
    behaviour = details.get("proration_behavior", "create_prorations")
    restarts = details.get("billing_cycle_anchor") == "now"
    ends = details.get("cancel_at_period_end", sub["cancel_at_period_end"])
    new = changes.planned(world, sub, details.get("items", []))
    if details.get("cancel_now"):
        new = []
    change = changes.weigh(world, sub, new, at=None if behaviour == "none" else at, restarts=restarts, save=False)
    then = {**sub, "items": {**sub["items"], "data": change.new}, "cancel_at_period_end": ends}
    if not change.restarts and (behaviour != "always_invoice" or not change.changed) and not details.get("cancel_now"):
        return preview(world, then, change.lines)
    customer = world.objects[sub["customer"]]
    waited = [*waiting(world, customer["id"], sub["id"], sub["currency"]), *change.lines]
    lines = [of_waiting(world, each) for each in waited]
    if change.restarts:
        lines += [of_item(world, then, each) for each in change.new]
    made = compose(
        world, customer, lines, money=sub["currency"], reason="subscription_update", sub=sub, period=(now, now)
    )
    return {**made, "id": f"upcoming_{made['id']}"}


def _payments(ask: Ask) -> Thing:
    given = ask.filters(
        {
            "invoice": NAME,
            "status": choice("open", "paid", "canceled"),
            "payment": group({"type": NAME, "payment_intent": NAME}),
        },
        "InvoicePaymentListParams",
    )
    intent = given.get("payment", {}).get("payment_intent")

    def keep(each: Thing) -> bool:
        plain = all(each[field] == given.get(field, each[field]) for field in ("invoice", "status"))
        return plain and (intent is None or each["payment"]["payment_intent"] == intent)

    return ask.page("invoice_payment", keep)


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/invoices", _create),
        ("GET", "/v1/invoices", _list),
        ("POST", "/v1/invoices/create_preview", _preview),
        ("GET", "/v1/invoices/:id", lambda ask: ask.named("invoice")),
        ("POST", "/v1/invoices/:id", _update),
        ("DELETE", "/v1/invoices/:id", _delete),
        ("POST", "/v1/invoices/:id/finalize", _finalize),
        ("POST", "/v1/invoices/:id/pay", _pay),
        ("POST", "/v1/invoices/:id/void", _close("void")),
        ("POST", "/v1/invoices/:id/mark_uncollectible", _close("uncollectible")),
        ("POST", "/v1/invoices/:id/send", _send),
        ("GET", "/v1/invoices/:id/lines", _lines),
        ("GET", "/v1/invoice_payments", _payments),
        ("GET", "/v1/invoice_payments/:id", lambda ask: ask.named("invoice_payment")),
    ),
    included={"invoice.payments": payments},
)
