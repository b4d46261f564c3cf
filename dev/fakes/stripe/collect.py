"""Taking the money of an invoice, and what follows for its subscription: dunning by Smart Retries until it is paid or given up."""

from typing import Any, Final

from dev.fakes.stripe.cards import attach, card_of
from dev.fakes.stripe.errors import Refused, state
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.invoices import close, finalize
from dev.fakes.stripe.payments import attempt
from dev.fakes.stripe.payments import debited as bank_says
from dev.fakes.stripe.periods import DAY
from dev.fakes.stripe.standing import OVER, change, end, put_items, subscription
from dev.fakes.stripe.world import Thing, World

RETRIES: Final = tuple(day * DAY for day in (1, 3, 5, 7, 9, 11, 12, 14))
"""Eight tries in two weeks, Stripe's own recommendation; when exactly each comes is not told by it, and is fixed here."""


def payer(world: World, invoice: Thing) -> Thing | None:
    """The payment method that counts: the invoice's, the subscription's, then the customer's."""
    sub = subscription(world, invoice) or {}
    customer = world.objects.get(invoice["customer"])
    settings = customer["invoice_settings"] if customer else {}
    for named in (
        invoice["default_payment_method"],
        sub.get("default_payment_method"),
        settings.get("default_payment_method"),
    ):
        if named:
            return world.objects[named]
    return None


def pay(world: World, invoice: Thing, paying: Thing | None = None, *, shown: bool = False) -> bool:
    """Try once. What a failure brings about has happened when this returns False."""
    if invoice["status"] != "open":
        raise state(f"The invoice is {invoice['status']}.", "invoice_not_editable")
    if not invoice["amount_remaining"]:
        paid(world, invoice)
        return True
    intent = world.objects[world.hidden[invoice["id"]]["intent"]]
    paying = paying or payer(world, invoice)
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    if paying and attempt(world, intent, paying, shown=shown):
        paid(world, invoice)
        return True
    if intent["status"] == "processing":
        # Until the bank says otherwise, the money counts as on its way.
        sub = subscription(world, invoice)
        if sub and sub["status"] == "incomplete":
            change(world, sub, status="active")
        return True
    if intent["status"] == "requires_action":
        emit(world, "invoice.payment_action_required", invoice)
    _failed(world, invoice)
    return False


def paid(world: World, invoice: Thing, *, out_of_band: bool = False) -> None:
    before = dict(invoice)
    now = world.now(invoice["test_clock"])
    invoice |= {
        "status": "paid",
        "attempted": True,
        "amount_paid": 0 if out_of_band else invoice["amount_due"] - invoice["pre_payment_credit_notes_amount"],
        "amount_paid_off_stripe": invoice["amount_due"] if out_of_band else 0,
        "amount_remaining": 0,
        "auto_advance": False,
        "next_payment_attempt": None,
        "status_transitions": {**invoice["status_transitions"], "paid_at": now},
    }
    for each in world.all("invoice_payment", lambda each: each["invoice"] == invoice["id"]):
        each |= {
            "status": "paid",
            "amount_paid": each["amount_requested"],
            "status_transitions": {"paid_at": now, "canceled_at": None},
        }
    emit(world, "invoice.updated", invoice, before)
    emit(world, "invoice.paid", invoice)
    if not out_of_band:
        emit(world, "invoice.payment_succeeded", invoice)
    if customer := world.objects.get(invoice["customer"]):
        customer["delinquent"] = False
    if sub := subscription(world, invoice):
        _revive(world, sub, invoice)


def _revive(world: World, sub: Thing, invoice: Thing) -> None:
    hidden = world.hidden[sub["id"]]
    if sub["pending_update"] and hidden.get("pending_invoice") == invoice["id"]:
        before = dict(sub)
        put_items(sub, hidden.pop("pending_items"))
        sub["pending_update"] = None
        emit(world, "customer.subscription.updated", sub, before)
        emit(world, "customer.subscription.pending_update_applied", sub)
    started = sub["status"] == "incomplete"
    revived = sub["status"] in {"past_due", "unpaid"} and sub["latest_invoice"] == invoice["id"]
    if sub["status"] == "paused" and hidden.get("resuming") == invoice["id"]:
        change(world, sub, status="active")
        emit(world, "customer.subscription.resumed", sub)
    elif started or revived:
        change(world, sub, status="active")


def _failed(world: World, invoice: Thing) -> None:
    sub = subscription(world, invoice)
    renewing = bool(sub and not sub["pending_update"]) and invoice["billing_reason"] in _RENEWING
    again = _next_try(world, invoice) if renewing and invoice["auto_advance"] else None
    invoice["next_payment_attempt"] = again
    emit(world, "invoice.payment_failed", invoice)
    emit(world, "invoice.updated", invoice, {**invoice, "attempt_count": invoice["attempt_count"] - 1})
    if customer := world.objects.get(invoice["customer"]):
        customer["delinquent"] = True
    if not sub or not renewing or sub["status"] in OVER:
        return
    if sub["status"] in {"active", "trialing"}:
        change(world, sub, status="past_due")
    if again:
        world.plan(again, "retry", invoice)
    elif invoice["auto_advance"]:
        _give_up(world, sub, invoice)


def _next_try(world: World, invoice: Thing) -> int | None:
    hidden = world.hidden[invoice["id"]]
    tries: int = hidden.get("tries", 0)
    first: int = hidden.setdefault("first_try", world.now(invoice["test_clock"]))
    hidden["tries"] = tries + 1
    return first + RETRIES[tries] if tries < len(RETRIES) else None


def _give_up(world: World, sub: Thing, invoice: Thing) -> None:
    """As the account is set: cancel, or leave it unpaid or past due."""
    invoice |= {"auto_advance": False, "next_payment_attempt": None}
    ending = world.counters.get("dunning", 0)
    if ending == 0:
        end(world, sub, "payment_failed")
    elif ending == 1:
        change(world, sub, status="unpaid")


_RENEWING: Final = {"subscription_cycle", "subscription_update"}
DUNNING_ENDS: Final = {"cancel": 0, "unpaid": 1, "past_due": 2}


def retry(world: World, invoice: Thing) -> None:
    now = world.now(invoice["test_clock"])
    if invoice["status"] == "open" and invoice["next_payment_attempt"] == now:
        pay(world, invoice)


def advance(world: World, invoice: Thing) -> None:
    """A draft that goes on by itself: final, and paid or sent."""
    if invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    finalize(world, invoice)
    if not invoice["amount_due"]:
        paid(world, invoice)
    elif invoice["collection_method"] == "charge_automatically":
        pay(world, invoice)
    else:
        emit(world, "invoice.sent", invoice)


def debited(world: World, intent: Thing) -> None:
    """A bank answers to a debit: for an invoice, and for the session that it was the first of."""
    if intent["status"] != "processing":
        return
    there = bank_says(world, intent)
    invoice = world.objects.get(world.hidden[intent["id"]].get("invoice", ""))
    if invoice and there:
        paid(world, invoice)
    elif invoice:
        _failed(world, invoice)
        sub = subscription(world, invoice)
        if sub and sub["status"] == "active":
            change(world, sub, status="past_due")
    for session in world.all(
        "checkout.session", lambda each: each["payment_status"] == "unpaid" and each["status"] == "complete"
    ):
        if session["payment_intent"] == intent["id"] or (invoice and session["invoice"] == invoice["id"]):
            session["payment_status"] = "paid" if there else "unpaid"
            emit(world, f"checkout.session.async_payment_{'succeeded' if there else 'failed'}", session)


def overdue(world: World, invoice: Thing) -> None:
    if invoice["status"] != "open":
        return
    emit(world, "invoice.overdue", invoice)
    sub = subscription(world, invoice)
    if sub and sub["status"] == "active":
        change(world, sub, status="past_due")


def proven(world: World, intent: Thing, *, yes: bool) -> None:
    """The holder was at the bank's page, for the payment of an invoice."""
    invoice = world.objects[world.hidden[intent["id"]]["invoice"]]
    paying = world.objects[intent["payment_method"]]
    if yes:
        customer = world.objects[invoice["customer"]]
        if card_of(world, paying).attaches:
            attach(world, paying, customer)
        pay(world, invoice, paying, shown=True)


def refused(world: World, invoice: Thing) -> Refused:
    """A failure that whoever asked for the payment is told."""
    intent = world.objects[world.hidden[invoice["id"]]["intent"]]
    error: dict[str, Any] = dict(intent["last_payment_error"] or {})
    if intent["status"] == "requires_action":
        return Refused(
            "The bank wants to see the holder.",
            code="invoice_payment_intent_requires_action",
            kind="card_error",
            status=402,
            payment_intent=intent,
        )
    if not error:
        return Refused("There is no payment method to charge.", code="resource_missing", status=400)
    message, kind = error.pop("message"), error.pop("type")
    return Refused(message, kind=kind, status=402, payment_intent=intent, **error)


def void_open(world: World, sub: Thing) -> None:
    for each in world.all("invoice", lambda each: each["status"] == "open"):
        if (subscription(world, each) or {}).get("id") == sub["id"]:
            close(world, each, "void")
