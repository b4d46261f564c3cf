"""Invoices from draft to final: their sums, their numbers, the customer's balance. Taking the money is `collect`."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

from dev.fakes.stripe.customers import owe
from dev.fakes.stripe.discounts import off
from dev.fakes.stripe.errors import state
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.lines import of_waiting
from dev.fakes.stripe.payments import cancel, intend
from dev.fakes.stripe.periods import DAY
from dev.fakes.stripe.shapes import listing, made
from dev.fakes.stripe.world import Thing, World, name

NO_TAX: Final = {"enabled": False, "disabled_reason": None, "liability": None, "provider": None, "status": None}
SELF: Final = {"type": "self", "account": None}


def compose(  # noqa: PLR0913 - an invoice has these sources
    world: World,
    customer: Thing,
    lines: Sequence[Thing],
    *,
    money: str,
    reason: str,
    sub: Thing | None = None,
    period: tuple[int, int] | None = None,
    **more: Any,
) -> Thing:
    """An invoice that nobody has been told of. The discounts are the subscription's."""
    now = world.now(customer["test_clock"])
    start, end = period or (now, now)
    invoice = made(
        "invoice",
        id=name("in"),
        **{
            **deepcopy(_EMPTY),
            "billing_reason": reason,
            "created": now,
            "currency": money,
            **_payer(world, customer),
            "lines": listing(list(lines), ""),
            "livemode": world.livemode,
            "period_start": start,
            "period_end": end,
            "starting_balance": customer["balance"],
            "test_clock": customer["test_clock"],
            **_subscribed(sub),
            **more,
        },
    )  # fmt: skip
    invoice["lines"]["url"] = f"/v1/invoices/{invoice['id']}/lines"
    sums(world, invoice)
    return invoice


def _payer(world: World, customer: Thing) -> dict[str, Any]:
    """What is written down of who pays, as it is now."""
    numbers = world.all("tax_id", lambda each: each["customer"] == customer["id"])
    return {
        "customer": customer["id"],
        **{f"customer_{name}": customer[name] for name in ("address", "email", "name", "phone", "tax_exempt")},
        "customer_tax_ids": [{"type": each["type"], "value": each["value"]} for each in numbers],
    }


def _subscribed(sub: Thing | None) -> dict[str, Any]:
    """What an invoice has of its subscription, and what stands there without one."""
    if sub is None:
        without: dict[str, Any] = {"collection_method": "charge_automatically", "discounts": [], "parent": None}
        return {"automatic_tax": dict(NO_TAX), **without}
    details = {"metadata": dict(sub["metadata"]), "subscription": sub["id"], "subscription_proration_date": None}
    return {
        "automatic_tax": sub["automatic_tax"] | {"provider": None, "status": None},
        "collection_method": sub["collection_method"],
        "discounts": list(sub["discounts"]),
        "parent": {"type": "subscription_details", "quote_details": None, "subscription_details": details},
    }


_EMPTY: Final = {
    "amount_due": 0, "amount_overpaid": 0, "amount_paid": 0, "amount_remaining": 0, "amount_shipping": 0, "attempt_count": 0,
    "attempted": False, "post_payment_credit_notes_amount": 0, "pre_payment_credit_notes_amount": 0, "subtotal": 0, "total": 0,
    "account_country": "FR", "account_name": "Vallum", "auto_advance": True, "default_tax_rates": [], "issuer": SELF, "status": "draft",
    "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
    "status_transitions": {"finalized_at": None, "marked_uncollectible_at": None, "paid_at": None, "voided_at": None},
}  # fmt: skip


def sums(world: World, invoice: Thing) -> None:
    lines = invoice["lines"]["data"]
    for line in lines:
        line |= {"invoice": invoice["id"], "discount_amounts": []}
    subtotal = sum(line["amount"] for line in lines)
    taken = [_spread(world, lines, world.objects[each], invoice["currency"]) for each in invoice["discounts"]]
    total = subtotal - sum(each["amount"] for each in taken)
    if invoice["automatic_tax"]["enabled"]:
        invoice["automatic_tax"] = {**invoice["automatic_tax"], "status": "complete", "provider": "stripe"}
    left = total + invoice["starting_balance"]
    due = max(left, 0)
    invoice |= {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_excluding_tax": total,
        "total_discount_amounts": taken,
        "total_pretax_credit_amounts": [{**each, "type": "discount"} for each in taken],
        "total_taxes": [],
        "amount_due": due,
        "amount_remaining": max(0, due - invoice["amount_paid"] - invoice["pre_payment_credit_notes_amount"]),
    }


def _spread(world: World, lines: list[Thing], discount: Thing, money: str) -> dict[str, Any]:
    """A discount over the lines it counts for, each by its share; the last takes what rounding left."""
    coupon = world.objects.get(discount["source"]["coupon"])
    open_lines = [line for line in lines if line["discountable"]]
    rest = {
        line["id"]: line["amount"] - sum(each["amount"] for each in line["discount_amounts"]) for line in open_lines
    }
    base = sum(rest.values())
    whole = left = off(coupon, base, money) if coupon else 0
    for index, line in enumerate(open_lines):
        part = left if index == len(open_lines) - 1 else whole * rest[line["id"]] // base if base else 0
        left -= part
        line["discount_amounts"].append({"amount": part, "discount": discount["id"]})
    return {"amount": whole, "discount": discount["id"]}


def save(world: World, invoice: Thing, waiting: Sequence[Thing] = ()) -> Thing:
    """Keep a composed invoice as a draft; the items that waited belong to it now."""
    kept = world.add(
        "invoice", invoice["id"], **{each: value for each, value in invoice.items() if each not in {"id", "object"}}
    )
    for each in waiting:
        each["invoice"] = kept["id"]
    emit(world, "invoice.created", kept)
    return kept


def gather(world: World, invoice: Thing) -> None:
    """A draft takes up the items that were put to it since."""
    for each in world.all("invoiceitem", lambda each: each["invoice"] == invoice["id"]):
        if not _has(invoice, each["id"]):
            invoice["lines"]["data"].append(of_waiting(world, each))
    sums(world, invoice)


def _has(invoice: Thing, waiting: str) -> bool:
    for line in invoice["lines"]["data"]:
        parent = line["parent"] or {}
        for part in ("invoice_item_details", "subscription_item_details"):
            if (parent.get(part) or {}).get("invoice_item") == waiting:
                return True
    return False


def finalize(world: World, invoice: Thing) -> None:
    """From now on the sums stand. What is due is asked for by a payment intent."""
    if invoice["status"] != "draft":
        raise state("Only a draft can be made final.", "invoice_not_editable")
    before = _copy(invoice)
    customer = world.objects[invoice["customer"]]
    gather(world, invoice)
    invoice["starting_balance"] = customer["balance"]
    sums(world, invoice)
    now = world.now(customer["test_clock"])
    left = invoice["total"] + invoice["starting_balance"]
    ending = left - invoice["amount_due"]
    owe(world, customer, ending - customer["balance"], "applied_to_invoice", invoice["currency"], invoice=invoice["id"])
    invoice |= {
        "status": "open",
        "ending_balance": ending,
        "number": f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}",
        "effective_at": now,
        "automatically_finalizes_at": None,
        "hosted_invoice_url": f"{world.url}/i/{invoice['id']}",
        "invoice_pdf": f"{world.url}/i/{invoice['id']}/pdf",
        "status_transitions": {**invoice["status_transitions"], "finalized_at": now},
    }
    customer["next_invoice_sequence"] += 1
    if invoice["collection_method"] == "send_invoice":
        days = world.hidden[invoice["id"]].get("days_until_due", 30)
        invoice["due_date"] = invoice["due_date"] or now + days * DAY
        world.plan(invoice["due_date"], "overdue", invoice)
    if invoice["amount_due"]:
        _ask_for(world, invoice, customer)
    emit(world, "invoice.finalized", invoice)
    emit(world, "invoice.updated", invoice, before)


def _ask_for(world: World, invoice: Thing, customer: Thing) -> None:
    intent = intend(
        world, customer, invoice["amount_due"], invoice["currency"], description=f"Invoice {invoice['number']}"
    )
    world.hidden[invoice["id"]]["intent"] = intent["id"]
    world.hidden[intent["id"]]["invoice"] = invoice["id"]
    invoice["confirmation_secret"] = {"client_secret": intent["client_secret"], "type": "payment_intent"}
    world.add(
        "invoice_payment",
        name("inpay"),
        amount_requested=invoice["amount_due"],
        created=world.now(customer["test_clock"]),
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        livemode=world.livemode,
        payment={"type": "payment_intent", "payment_intent": intent["id"], "charge": None, "payment_record": None},
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )


def payments(world: World, invoice: Thing) -> Thing:
    found = world.all("invoice_payment", lambda each: each["invoice"] == invoice["id"])
    return listing(found[::-1], f"/v1/invoice_payments?invoice={invoice['id']}")


def close(world: World, invoice: Thing, status: str) -> None:
    """Void or uncollectible. A void invoice gives back what it took of the balance, and its payment is called off."""
    allowed = {"void": {"open", "uncollectible"}, "uncollectible": {"open"}}[status]
    if invoice["status"] not in allowed:
        raise state(f"An invoice that is {invoice['status']} cannot become {status}.", "invoice_not_editable")
    before = _copy(invoice)
    now = world.now(invoice["test_clock"])
    customer = world.objects.get(invoice["customer"])
    if status == "void":
        if customer:
            back = invoice["starting_balance"] - (invoice["ending_balance"] or 0)
            owe(world, customer, back, "unapplied_from_invoice", invoice["currency"], invoice=invoice["id"])
        intent = world.objects.get(world.hidden[invoice["id"]].get("intent", ""))
        if intent and intent["status"] != "canceled":
            cancel(world, intent, "void_invoice")
    stamp = {"void": "voided_at", "uncollectible": "marked_uncollectible_at"}[status]
    invoice |= {
        "status": status,
        "auto_advance": False,
        "next_payment_attempt": None,
        "status_transitions": {**invoice["status_transitions"], stamp: now},
    }
    if status == "void":
        invoice["amount_remaining"] = 0
    emit(world, f"invoice.{'voided' if status == 'void' else 'marked_uncollectible'}", invoice)
    emit(world, "invoice.updated", invoice, before)


def _copy(invoice: Thing) -> Thing:
    return {**invoice, "lines": {**invoice["lines"], "data": list(invoice["lines"]["data"])}}
