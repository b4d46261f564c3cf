"""Money that goes back: refunds, credit notes, disputes."""

from collections.abc import Mapping
from typing import Any, Final

from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.cards import card_of
from dev.fakes.stripe.collect import paid
from dev.fakes.stripe.customers import owe
from dev.fakes.stripe.errors import Refused, invalid, missing, state
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.params import NAME, Needed, Spec, choice, flag, group, many, merged, metadata, text, whole
from dev.fakes.stripe.periods import DAY
from dev.fakes.stripe.shapes import listing, made
from dev.fakes.stripe.world import Thing, World, name

REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer")


def refund(world: World, charge: Thing, amount: int | None, reason: str | None = None, **more: Any) -> Thing:
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["disputed"]:
        raise Refused("The charge is disputed.", code="charge_disputed", param="charge")
    if not left:
        raise Refused("Nothing is left of the charge to refund.", code="charge_already_refunded")
    amount = left if amount is None else amount
    if amount > left:
        raise invalid("amount", f"{left} is left of the charge.", "amount_too_large")
    before = dict(charge)
    now = world.now(world.line(charge["customer"]))
    thing = world.add(
        "refund",
        name("re"),
        **{
            "amount": amount,
            "charge": charge["id"],
            "created": now,
            "currency": charge["currency"],
            "customer": charge["customer"],
            "destination_details": {"type": "card", "card": {"reference": None, "type": "refund"}},
            "payment_intent": charge["payment_intent"],
            "payment_method": charge["payment_method"],
            "reason": reason,
            "status": "succeeded",
            **more,
        },
    )
    whole_ = charge["amount_refunded"] + amount
    charge |= {"amount_refunded": whole_, "refunded": whole_ == charge["amount_captured"]}
    emit(world, "refund.created", thing)
    emit(world, "charge.refunded", charge, before)
    emit(world, "refund.updated", thing)
    if card_of(world, world.objects[charge["payment_method"]]).refund_fails:
        world.plan(now + 60, "refund_fails", thing, world.line(charge["customer"]) or "")
    return thing


def refund_fails(world: World, thing: Thing) -> None:
    """The bank sends the money back, some time after the refund had succeeded."""
    charge = world.objects[thing["charge"]]
    before = dict(thing)
    thing |= {"status": "failed", "failure_reason": "unknown"}
    charge["amount_refunded"] -= thing["amount"]
    charge["refunded"] = False
    emit(world, "refund.updated", thing, before)
    emit(world, "refund.failed", thing)


def _charge(world: World, given: Mapping[str, Any]) -> Thing:
    if ("charge" in given) == ("payment_intent" in given):
        raise missing("charge")
    if "charge" in given:
        return world.given("charge", given["charge"], "charge")
    intent = world.given("payment_intent", given["payment_intent"], "payment_intent")
    if intent["status"] != "succeeded":
        raise state("The payment has no charge that succeeded.", param="payment_intent")
    return world.objects[intent["latest_charge"]]


def _refund(ask: Ask) -> Thing:
    given = ask.take(
        {
            "charge": NAME,
            "payment_intent": NAME,
            "amount": whole(least=1),
            "reason": choice(*REASONS),
            "metadata": metadata,
        },
        "RefundCreateParams",
    )
    charge = _charge(ask.world, given)
    if not charge["paid"]:
        raise state("The charge failed, or its bank has not answered yet.", param="charge")
    return refund(
        ask.world, charge, given.get("amount"), given.get("reason"), metadata=merged({}, given.get("metadata", {}))
    )


def _refunds(ask: Ask) -> Thing:
    given = ask.filters({"charge": NAME, "payment_intent": NAME}, "RefundListParams")
    return ask.page("refund", lambda each: all(each[part] == given.get(part, each[part]) for part in _OF))


_OF: Final = ("charge", "payment_intent")
_LINE: Final = group({
    "type": Needed(choice("invoice_line_item", "custom_line_item")), "invoice_line_item": NAME, "quantity": whole(least=1),
    "amount": whole(least=1), "description": text(), "unit_amount": whole(least=1),
})  # fmt: skip
_NOTE: Final[Spec] = {
    "invoice": Needed(NAME), "amount": whole(least=1), "lines": many(_LINE, least=1), "memo": text(), "metadata": metadata,
    "reason": choice("duplicate", "fraudulent", "order_change", "product_unsatisfactory"), "refund_amount": whole(least=0),
    "credit_amount": whole(least=0), "out_of_band_amount": whole(least=0), "email_type": choice("credit_note", "none"),
}  # fmt: skip


def _credit(ask: Ask) -> Thing:
    """Before payment it makes the invoice smaller; after it, the money goes back, to the card or to the balance."""
    given = ask.take(_NOTE, "CreditNoteCreateParams")
    world = ask.world
    invoice = world.given("invoice", given["invoice"], "invoice")
    note = _note(world, invoice, given)
    world.objects[note["id"]] = note
    world.kinds.setdefault("credit_note", []).append(note["id"])
    world.hidden[note["id"]] = {}
    if invoice["status"] == "open":
        _smaller(world, invoice, note)
    else:
        _give_back(world, invoice, note, given)
    emit(world, "credit_note.created", note)
    return note


def _note(world: World, invoice: Thing, given: Mapping[str, Any]) -> Thing:
    if invoice["status"] not in {"open", "paid"}:
        raise state(f"An invoice that is {invoice['status']} has no credit notes.", param="invoice")
    if ("amount" in given) == ("lines" in given):
        raise missing("amount")
    lines = [_line(world, invoice, each) for each in given.get("lines", [])]
    amount = given.get("amount", sum(line["amount"] for line in lines))
    already = invoice["post_payment_credit_notes_amount"] if invoice["status"] == "paid" else 0
    left = invoice["amount_remaining"] if invoice["status"] == "open" else invoice["amount_paid"] - already
    if amount > left:
        raise invalid("amount", f"{left} is left of the invoice.", "amount_too_large")
    parts = {part: given.get(part, 0) for part in ("refund_amount", "credit_amount", "out_of_band_amount")}
    if invoice["status"] == "paid" and sum(parts.values()) != amount:
        raise invalid("refund_amount", "refund, credit and out of band together are the amount.")
    paid_ = invoice["status"] == "paid"
    number = (
        f"{invoice['number']}-CN-{len(world.all('credit_note', lambda each: each['invoice'] == invoice['id'])) + 1:02}"
    )
    return made(
        "credit_note",
        id=(named := name("cn")),
        amount=amount,
        amount_shipping=0,
        created=world.now(invoice["test_clock"]),
        currency=invoice["currency"],
        customer=invoice["customer"],
        discount_amount=0,
        discount_amounts=[],
        invoice=invoice["id"],
        lines=listing(lines, f"/v1/credit_notes/{named}/lines"),
        livemode=world.livemode,
        memo=given.get("memo"),
        metadata=merged({}, given.get("metadata", {})),
        number=number,
        out_of_band_amount=parts["out_of_band_amount"],
        pdf=f"{world.url}/credit/{named}",
        post_payment_amount=amount if paid_ else 0,
        pre_payment_amount=0 if paid_ else amount,
        pretax_credit_amounts=[],
        reason=given.get("reason"),
        refunds=[],
        status="issued",
        subtotal=amount,
        subtotal_excluding_tax=amount,
        total=amount,
        total_excluding_tax=amount,
        total_taxes=[],
        type="post_payment" if paid_ else "pre_payment",
    )


def _line(world: World, invoice: Thing, given: Mapping[str, Any]) -> Thing:
    of = next((line for line in invoice["lines"]["data"] if line["id"] == given.get("invoice_line_item")), None)
    if given["type"] == "invoice_line_item" and of is None:
        raise Refused("The invoice has no such line.", code="resource_missing", param="lines[0][invoice_line_item]")
    amount = (
        given.get("amount") or given.get("unit_amount", 0) * given.get("quantity", 1) or (of or {}).get("amount", 0)
    )
    return made(
        "credit_note_line_item",
        id=name("cnli"),
        amount=amount,
        description=given.get("description", (of or {}).get("description")),
        discount_amount=0,
        discount_amounts=[],
        invoice_line_item=of["id"] if of else None,
        livemode=world.livemode,
        pretax_credit_amounts=[],
        quantity=given.get("quantity", 1),
        tax_rates=[],
        taxes=[],
        type=given["type"],
    )


def _smaller(world: World, invoice: Thing, note: Thing) -> None:
    before = dict(invoice)
    invoice["pre_payment_credit_notes_amount"] += note["amount"]
    invoice["amount_remaining"] -= note["amount"]
    intent = world.objects[world.hidden[invoice["id"]]["intent"]]
    if invoice["amount_remaining"]:
        intent["amount"] = invoice["amount_remaining"]
        emit(world, "invoice.updated", invoice, before)
    else:
        paid(world, invoice)


def _give_back(world: World, invoice: Thing, note: Thing, given: Mapping[str, Any]) -> None:
    invoice["post_payment_credit_notes_amount"] += note["amount"]
    if amount := given.get("refund_amount", 0):
        intent = world.objects[world.hidden[invoice["id"]].get("intent", "")]
        back = refund(world, world.objects[intent["latest_charge"]], amount)
        note["refunds"] = [
            {"amount_refunded": amount, "refund": back["id"], "type": "refund", "payment_record_refund": None}
        ]
    customer = world.objects.get(invoice["customer"])
    if customer and (amount := given.get("credit_amount", 0)):
        booked = owe(world, customer, -amount, "credit_note", invoice["currency"], credit_note=note["id"])
        note["customer_balance_transaction"] = booked["id"] if booked else None


def _preview(ask: Ask) -> Thing:
    given = ask.take(_NOTE, "CreditNotePreviewParams")
    return _note(ask.world, ask.world.given("invoice", given["invoice"], "invoice"), given)


def _void(ask: Ask) -> Thing:
    note = ask.named("credit_note")
    ask.take({}, "CreditNoteVoidCreditNoteParams")
    invoice = ask.world.objects[note["invoice"]]
    if note["status"] == "void" or note["type"] == "post_payment" or invoice["status"] != "open":
        raise state("Only a note of an open invoice can be made void.")
    note |= {"status": "void", "voided_at": ask.world.now(invoice["test_clock"])}
    invoice["pre_payment_credit_notes_amount"] -= note["amount"]
    invoice["amount_remaining"] += note["amount"]
    ask.world.objects[ask.world.hidden[invoice["id"]]["intent"]]["amount"] = invoice["amount_remaining"]
    emit(ask.world, "credit_note.voided", note)
    return note


def _notes(ask: Ask) -> Thing:
    given = ask.filters({"invoice": NAME, "customer": NAME}, "CreditNoteListParams")
    return ask.page(
        "credit_note", lambda each: all(each[part] == given.get(part, each[part]) for part in ("invoice", "customer"))
    )


def dispute(world: World, charge: Thing) -> None:
    """The holder goes to their bank."""
    card = world.hidden[charge["payment_method"]]["number"]
    reason = "product_not_received" if card.endswith("2685") else "fraudulent"
    now = world.now(world.line(charge["customer"]))
    charge["disputed"] = True
    thing = world.add(
        "dispute",
        name("du"),
        amount=charge["amount"],
        balance_transactions=[],
        charge=charge["id"],
        created=now,
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={"enhanced_evidence": {}},
        evidence_details={
            "due_by": now + 7 * DAY, "enhanced_eligibility": {}, "has_evidence": False, "past_due": False, "submission_count": 0,
            "submission_method": "not_submitted",
        },
        is_charge_refundable=False,
        livemode=world.livemode,
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="needs_response",
    )  # fmt: skip
    emit(world, "charge.dispute.created", thing)
    emit(world, "charge.dispute.funds_withdrawn", thing)


def _answer(ask: Ask) -> Thing:
    """In test mode the text `winning_evidence` or `losing_evidence` decides, as at Stripe."""
    thing = ask.named("dispute")
    evidence = group({"uncategorized_text": text(20_000), "product_description": text(20_000), "customer_name": text()})
    given = ask.take({"evidence": evidence, "submit": flag, "metadata": metadata}, "DisputeUpdateParams")
    if thing["status"] in {"won", "lost"}:
        raise state("The dispute is closed.")
    before = dict(thing)
    thing["evidence"] = {**thing["evidence"], **given.get("evidence", {})}
    thing["metadata"] = merged(thing["metadata"], given.get("metadata", {}))
    if given.get("submit", True):
        details = thing["evidence_details"]
        thing["evidence_details"] = {
            **details,
            "has_evidence": True,
            "submission_count": details["submission_count"] + 1,
        }
        thing["status"] = "under_review"
        ends = {"winning_evidence": "won", "losing_evidence": "lost"}.get(
            thing["evidence"].get("uncategorized_text", "")
        )
        if ends:
            _close(ask.world, thing, ends)
    emit(ask.world, "charge.dispute.updated", thing, before)
    return thing


def _close(world: World, thing: Thing, status: str) -> None:
    thing["status"] = status
    if status == "won":
        world.objects[thing["charge"]]["disputed"] = False
        emit(world, "charge.dispute.funds_reinstated", thing)
    emit(world, "charge.dispute.closed", thing)


def _accept(ask: Ask) -> Thing:
    """Closing a dispute is to lose it."""
    thing = ask.named("dispute")
    ask.take({}, "DisputeCloseParams")
    if thing["status"] in {"won", "lost"}:
        raise state("The dispute is closed.")
    _close(ask.world, thing, "lost")
    return thing


def _disputes(ask: Ask) -> Thing:
    given = ask.filters({"charge": NAME, "payment_intent": NAME}, "DisputeListParams")
    return ask.page("dispute", lambda each: all(each[part] == given.get(part, each[part]) for part in _OF))


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/refunds", _refund),
        ("GET", "/v1/refunds", _refunds),
        ("GET", "/v1/refunds/:id", lambda ask: ask.named("refund")),
        ("POST", "/v1/credit_notes", _credit),
        ("GET", "/v1/credit_notes", _notes),
        ("GET", "/v1/credit_notes/preview", _preview),
        ("GET", "/v1/credit_notes/:id", lambda ask: ask.named("credit_note")),
        ("GET", "/v1/credit_notes/:id/lines", lambda ask: ask.paged(ask.named("credit_note")["lines"]["data"])),
        ("POST", "/v1/credit_notes/:id/void", _void),
        ("GET", "/v1/disputes", _disputes),
        ("GET", "/v1/disputes/:id", lambda ask: ask.named("dispute")),
        ("POST", "/v1/disputes/:id", _answer),
        ("POST", "/v1/disputes/:id/close", _accept),
    ),
    actions={"dispute": dispute, "refund_fails": refund_fails},
)
