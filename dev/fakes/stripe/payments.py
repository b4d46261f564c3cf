"""Payment intents, the charges they make, and setup intents: what happens between a card and its bank."""

from typing import Any, Final

from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.cards import Asks, attach, card_of, declined, method
from dev.fakes.stripe.errors import Refused, state
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.params import (
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
    text,
    url,
    whole,
)
from dev.fakes.stripe.periods import DAY
from dev.fakes.stripe.shapes import listing
from dev.fakes.stripe.world import Thing, World, name

LEAST: Final = 50
"""The smallest amount that can be charged, in the smallest unit of the currency."""


def intend(world: World, customer: Thing | None, amount: int, money: str, **more: Any) -> Thing:
    """A payment that somebody means to make."""
    intent = world.add(
        "payment_intent",
        named := name("pi"),
        amount=amount,
        amount_capturable=0,
        amount_received=0,
        capture_method="automatic",
        client_secret=f"{named}_secret_{name('', 25)[1:]}",
        confirmation_method="automatic",
        created=world.now(customer["test_clock"] if customer else None),
        currency=money,
        customer=customer["id"] if customer else None,
        livemode=world.livemode,
        payment_method_types=["card"],
        status="requires_payment_method",
        **more,
    )
    emit(world, "payment_intent.created", intent)
    return intent


def attempt(world: World, intent: Thing, paying: Thing, *, shown: bool = False) -> bool:
    """Charge a card: whether the money is there. `shown`: the bank has just seen the holder.

    Where the bank wants to see the holder, the intent waits in `requires_action`.
    """
    card = card_of(world, paying)
    known = world.hidden[paying["id"]]
    before = dict(intent)
    intent["payment_method"] = paying["id"]
    wants = card.asks is Asks.ALWAYS or (card.asks is Asks.AT_FIRST and not known["set_up"])
    if wants and not shown:
        page = {"url": f"{world.url}/3ds/{intent['id']}", "return_url": None}
        intent |= {"status": "requires_action", "next_action": {"type": "redirect_to_url", "redirect_to_url": page}}
        emit(world, "payment_intent.requires_action", intent, before)
        return False
    known["set_up"] = True
    if card.debit:
        _debit(world, intent, paying)
        return False
    if card.decline:
        charge = _charge(world, intent, paying, why=card.decline)
        refuse(world, intent, declined(card, charge=charge["id"]).error, charge)
        return False
    charge = _charge(world, intent, paying)
    _received(world, intent, charge)
    if card.disputed:
        world.plan(charge["created"] + 60, "dispute", charge, world.line(intent["customer"]) or "")
    return True


def _received(world: World, intent: Thing, charge: Thing) -> None:
    before = dict(intent)
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "next_action": None,
        "last_payment_error": None,
    }
    emit(world, "payment_intent.succeeded", intent, before)


def _debit(world: World, intent: Thing, paying: Thing) -> None:
    """The bank is told to pay, and answers a day later."""
    before = dict(intent)
    charge = _charge(world, intent, paying)
    intent |= {"status": "processing", "latest_charge": charge["id"], "next_action": None}
    emit(world, "payment_intent.processing", intent, before)
    world.plan(charge["created"] + DAY, "debited", intent, world.line(intent["customer"]) or "")


def debited(world: World, intent: Thing) -> bool:
    """The bank's answer to a debit: whether the money is there."""
    charge = world.objects[intent["latest_charge"]]
    card = card_of(world, world.objects[intent["payment_method"]])
    before = dict(charge)
    if not card.decline:
        charge |= {"status": "succeeded", "paid": True}
        emit(world, "charge.succeeded", charge, before)
        _received(world, intent, charge)
        return True
    charge |= {"status": "failed", "failure_code": card.decline, "failure_message": card.decline, "amount_captured": 0}
    emit(world, "charge.failed", charge, before)
    refuse(
        world,
        intent,
        {**declined(card, charge=charge["id"]).error, "code": "payment_intent_payment_attempt_failed"},
        charge,
    )
    return False


def refuse(world: World, intent: Thing, error: dict[str, Any], charge: Thing | None = None) -> None:
    before = dict(intent)
    intent |= {
        "status": "requires_payment_method",
        "next_action": None,
        "payment_method": None,
        "last_payment_error": {
            **error,
            "payment_method": world.objects.get(before["payment_method"] or ""),
        },
    }
    if charge:
        intent["latest_charge"] = charge["id"]
    emit(world, "payment_intent.payment_failed", intent, before)


def not_shown(world: World, intent: Thing) -> None:
    """The holder did not prove to be it."""
    error = {
        "type": "card_error",
        "code": "payment_intent_authentication_failure",
        "message": "The bank was not shown who pays.",
    }
    refuse(world, intent, error)


def _charge(world: World, intent: Thing, paying: Thing, why: str | None = None) -> Thing:
    outcome = {
        "advice_code": None, "network_advice_code": None, "network_decline_code": None, "risk_level": "normal", "risk_score": 20,
        "network_status": "declined_by_network" if why else "approved_by_network", "reason": why, "rule": None,
        "seller_message": why or "ok", "type": "issuer_declined" if why else "authorized",
    }  # fmt: skip
    debit = paying["type"] == "sepa_debit"
    charge = world.add(
        "charge",
        named := name("ch"),
        amount=intent["amount"],
        amount_captured=0 if why else intent["amount"],
        amount_refunded=0,
        billing_details=paying["billing_details"],
        captured=not why,
        created=world.now(world.line(intent["customer"])),
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        failure_code="card_declined" if why else None,
        failure_message=f"Declined: {why}" if why else None,
        fraud_details={},
        livemode=world.livemode,
        outcome=outcome,
        paid=not why and not debit,
        payment_intent=intent["id"],
        payment_method=paying["id"],
        payment_method_details={"type": "sepa_debit", "sepa_debit": _from(paying["sepa_debit"])}
        if debit
        else {"type": "card", "card": _used(paying["card"], intent["amount"])},
        receipt_url=f"{world.url}/receipts/{named}",
        refunded=False,
        status="pending" if debit else "failed" if why else "succeeded",
        metadata=dict(intent["metadata"]),
    )
    emit(world, f"charge.{charge['status']}", charge)
    return charge


def _used(card: Thing, amount: int) -> Thing:
    """A card as the charge remembers it."""
    same = (
        "brand",
        "checks",
        "country",
        "exp_month",
        "exp_year",
        "fingerprint",
        "funding",
        "last4",
        "regulated_status",
        "wallet",
    )
    return {
        **{each: card[each] for each in same},
        "amount_authorized": amount,
        "network": card["brand"],
        "three_d_secure": None,
    }


def _from(account: Thing) -> Thing:
    same = ("bank_code", "branch_code", "country", "fingerprint", "last4")
    return {**{each: account[each] for each in same}, "mandate": None}


def confirm(world: World, intent: Thing, *, off_session: bool) -> Thing:
    paying = world.objects.get(intent["payment_method"] or "")
    if intent["status"] not in {"requires_payment_method", "requires_confirmation", "requires_action"}:
        raise state(f"The payment is {intent['status']}.", "payment_intent_unexpected_state")
    if not paying:
        raise state("The payment has no payment method.", "payment_intent_unexpected_state", "payment_method")
    if attempt(world, intent, paying) or intent["status"] == "processing":
        return intent
    if intent["status"] == "requires_action" and not off_session:
        return intent
    if intent["status"] == "requires_action":
        code = {"code": "authentication_required", "decline_code": "authentication_required"}
        refuse(world, intent, {"type": "card_error", "message": "The bank wants to see the holder.", **code})
    error: dict[str, Any] = {**intent["last_payment_error"], "payment_intent": intent}
    kind, message = error.pop("type"), error.pop("message")
    raise Refused(message, kind=kind, status=402, **error)


def _create(ask: Ask) -> Thing:
    given = ask.take(
        {
            "amount": Needed(whole(least=1, most=99_999_999)),
            "currency": Needed(currency),
            "customer": NAME,
            "payment_method": NAME,
            "payment_method_types": many(choice("card"), least=1),
            "automatic_payment_methods": group({"enabled": Needed(flag), "allow_redirects": choice("always", "never")}),
            "confirm": flag,
            "off_session": flag,
            "return_url": url,
            "setup_future_usage": choice("off_session", "on_session"),
            "description": text(),
            "receipt_email": clears(text()),
            "metadata": metadata,
        },
        "PaymentIntentCreateParams",
    )
    if given["amount"] < LEAST:
        raise Refused(f"{LEAST} is the least.", code="amount_too_small", param="amount")
    customer = ask.world.customer(given["customer"]) if "customer" in given else None
    paying = method(ask.world, given["payment_method"], "payment_method") if "payment_method" in given else None
    plain = ("description", "receipt_email", "setup_future_usage")
    intent = intend(
        ask.world,
        customer,
        given["amount"],
        given["currency"],
        metadata=merged({}, given.get("metadata", {})),
        **{each: given[each] for each in plain if each in given},
    )
    if paying:
        intent |= {"payment_method": paying["id"], "status": "requires_confirmation"}
    if not given.get("confirm"):
        return intent
    return confirm(ask.world, intent, off_session=given.get("off_session", False))


def _update(ask: Ask) -> Thing:
    intent = ask.named("payment_intent")
    given = ask.take(
        {"metadata": metadata, "description": clears(text()), "receipt_email": clears(text())},
        "PaymentIntentUpdateParams",
    )
    intent["metadata"] = merged(intent["metadata"], given.pop("metadata", {}))
    intent.update(given)
    return intent


def _confirm(ask: Ask) -> Thing:
    intent = ask.named("payment_intent")
    given = ask.take({"payment_method": NAME, "off_session": flag, "return_url": url}, "PaymentIntentConfirmParams")
    if "payment_method" in given:
        intent["payment_method"] = method(ask.world, given["payment_method"], "payment_method")["id"]
    return confirm(ask.world, intent, off_session=given.get("off_session", False))


def cancel(world: World, intent: Thing, reason: str | None) -> None:
    if intent["status"] in {"succeeded", "canceled"}:
        raise state(f"The payment is {intent['status']}.", "payment_intent_unexpected_state")
    before = dict(intent)
    now = world.now(world.line(intent["customer"]))
    intent |= {"status": "canceled", "canceled_at": now, "cancellation_reason": reason, "next_action": None}
    emit(world, "payment_intent.canceled", intent, before)


def _cancel(ask: Ask) -> Thing:
    intent = ask.named("payment_intent")
    reasons = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
    given = ask.take({"cancellation_reason": choice(*reasons)}, "PaymentIntentCancelParams")
    cancel(ask.world, intent, given.get("cancellation_reason"))
    return intent


def set_up(world: World, customer: Thing, paying: Thing, *, shown: bool) -> Thing:
    """Keep a card for later: the intent that says so. It waits where the bank wants to see the holder first."""
    wants = card_of(world, paying).asks is not Asks.NEVER
    intent = world.add(
        "setup_intent",
        named := name("seti"),
        client_secret=f"{named}_secret_{name('', 25)[1:]}",
        created=world.now(customer["test_clock"]),
        customer=customer["id"],
        livemode=world.livemode,
        payment_method=paying["id"],
        payment_method_types=["card"],
        status="requires_action",
        usage="off_session",
    )
    emit(world, "setup_intent.created", intent)
    if wants and not shown:
        page = {"url": f"{world.url}/3ds/{intent['id']}", "return_url": None}
        intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": page}
        return intent
    kept(world, intent)
    return intent


def kept(world: World, intent: Thing) -> None:
    paying = world.objects[intent["payment_method"]]
    attach(world, paying, world.objects[intent["customer"]])
    world.hidden[paying["id"]]["set_up"] = True
    intent |= {"status": "succeeded", "next_action": None}
    emit(world, "setup_intent.succeeded", intent)


def _intents(ask: Ask) -> Thing:
    given = ask.filters({"customer": NAME}, "PaymentIntentListParams")
    return ask.page("payment_intent", lambda each: each["customer"] == given.get("customer", each["customer"]))


def _charges(ask: Ask) -> Thing:
    given = ask.filters({"customer": NAME, "payment_intent": NAME}, "ChargeListParams")
    return ask.page("charge", lambda each: all(each[field] == given.get(field, each[field]) for field in _OF))


_OF: Final = ("customer", "payment_intent")


def refunds(world: World, charge: Thing) -> Thing:
    found = world.all("refund", lambda each: each["charge"] == charge["id"])
    return listing(found[::-1], f"/v1/charges/{charge['id']}/refunds")


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/payment_intents", _create),
        ("GET", "/v1/payment_intents", _intents),
        ("GET", "/v1/payment_intents/:id", lambda ask: ask.named("payment_intent")),
        ("POST", "/v1/payment_intents/:id", _update),
        ("POST", "/v1/payment_intents/:id/confirm", _confirm),
        ("POST", "/v1/payment_intents/:id/cancel", _cancel),
        ("GET", "/v1/setup_intents/:id", lambda ask: ask.named("setup_intent")),
        ("GET", "/v1/charges", _charges),
        ("GET", "/v1/charges/:id", lambda ask: ask.named("charge")),
    ),
    included={"charge.refunds": refunds},
)
