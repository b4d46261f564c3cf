"""Payment methods: Stripe's test cards and test accounts (https://docs.stripe.com/testing), by number or by name."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.errors import Refused, no_such
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.params import ADDRESS, NAME, Needed, choice, clears, group, merged, metadata, text, whole
from dev.fakes.stripe.world import Thing, World, name


class Asks(StrEnum):
    """When the bank wants to see the holder."""

    NEVER = "never"
    AT_FIRST = "unless the card was set up with the holder there"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    number: str
    brand: str = "visa"
    decline: str | None = None
    """Why a charge is declined."""
    attaches: bool = True
    asks: Asks = Asks.NEVER
    disputed: str | None = None
    """Why its holder disputes a charge that succeeded."""
    country: str = "US"
    refund_fails: bool = False
    debit: bool = False
    """A bank account that is debited (SEPA): whether the money comes is known a day later."""


def _bad(number: str, decline: str) -> Card:
    return Card(number=number, decline=decline, attaches=False)


CARDS: Final = {
    "visa": Card(number="4242424242424242"),
    "mastercard": Card(number="5555555555554444", brand="mastercard"),
    "fr": Card(number="4000002500000003", country="FR"),
    "chargeDeclined": _bad("4000000000000002", "generic_decline"),
    "chargeDeclinedInsufficientFunds": _bad("4000000000009995", "insufficient_funds"),
    "chargeDeclinedExpiredCard": _bad("4000000000000069", "expired_card"),
    "chargeDeclinedLostCard": _bad("4000000000009987", "lost_card"),
    "chargeCustomerFail": Card(number="4000000000000341", decline="generic_decline"),
    "authenticationRequired": Card(number="4000002760003184", asks=Asks.ALWAYS),
    "authenticationRequiredOnSetup": Card(number="4000002500003155", asks=Asks.AT_FIRST),
    "debit": Card(number="DE89370400440532013000", brand="sepa", country="DE", debit=True),
    "debitFails": Card(
        number="DE62370400440532013001", brand="sepa", country="DE", debit=True, decline="insufficient_funds"
    ),
    "refundFail": Card(number="4000000000005126", refund_fails=True),
    "createDispute": Card(number="4000000000000259", disputed="fraudulent"),
    "createDisputeProductNotReceived": Card(number="4000000000002685", disputed="product_not_received"),
}
_BY_NUMBER: Final = {card.number: card for card in CARDS.values()}
_BILLING: Final = group({
    "address": clears(ADDRESS), "email": clears(text()), "name": clears(text()), "phone": clears(text()),
})  # fmt: skip


def of_number(number: str) -> Card | None:
    return _BY_NUMBER.get(number.replace(" ", ""))


def card_of(world: World, thing: Thing) -> Card:
    return _BY_NUMBER[world.hidden[thing["id"]]["number"]]


def create(world: World, card: Card, **billing: Any) -> Thing:
    no_address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    details = {"address": no_address, "email": None, "name": None, "phone": None, "tax_id": None, **billing}
    thing = world.add(
        "payment_method",
        name("pm"),
        billing_details=details,
        created=world.now(),
        livemode=world.livemode,
        **(
            {"type": "sepa_debit", "sepa_debit": _account(card)}
            if card.debit
            else {"type": "card", "card": _details(card)}
        ),
    )
    world.hidden[thing["id"]] = {"number": card.number, "set_up": False}
    return thing


def _details(card: Card) -> dict[str, Any]:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"fake{card.number[-8:]}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _account(card: Card) -> dict[str, Any]:
    return {
        "bank_code": card.number[4:12],
        "branch_code": "",
        "country": card.country,
        "fingerprint": f"fake{card.number[-8:]}",
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": card.number[-4:],
    }


def method(world: World, named: str, param: str) -> Thing:
    """A payment method by id, or a new one by the name of a test card (`pm_card_visa`)."""
    card = CARDS.get(named.removeprefix("pm_card_"))
    if named.startswith("pm_card_") and card:
        if world.livemode:
            raise no_such("payment_method", named, param, status=400)
        return create(world, card)
    return world.given("payment_method", named, param)


def attach(world: World, thing: Thing, customer: Thing) -> None:
    """With what the bank says to it: some cards cannot even be kept."""
    if thing["customer"] not in {None, customer["id"]}:
        raise Refused("The payment method belongs to another customer.", code="payment_method_unexpected_state")
    if thing["id"] in world.gone or world.hidden[thing["id"]].get("detached"):
        raise Refused(
            "A payment method that was detached cannot be used again.", code="payment_method_unexpected_state"
        )
    card = card_of(world, thing)
    if not card.attaches:
        raise declined(card)
    if thing["customer"] is None:
        thing["customer"] = customer["id"]
        emit(world, "payment_method.attached", thing)


def declined(card: Card, **more: Any) -> Refused:
    why = card.decline or "generic_decline"
    code = why if why == "expired_card" else "card_declined"
    return Refused(f"The card was declined: {why}.", code=code, decline_code=why, kind="card_error", status=402, **more)


def foretold(world: World, paying: Thing | None) -> Refused | None:
    """How a charge without the holder there would fail; None if it would not."""
    if paying is None:
        return Refused("There is no payment method to charge.", code="resource_missing")
    card = card_of(world, paying)
    if card.asks is Asks.ALWAYS or (card.asks is Asks.AT_FIRST and not world.hidden[paying["id"]]["set_up"]):
        return Refused(
            "The bank wants to see the holder.",
            code="subscription_payment_intent_requires_action",
            kind="card_error",
            status=402,
        )
    return declined(card) if card.decline else None


def detach(world: World, thing: Thing) -> None:
    owner = world.objects.get(thing["customer"])
    if owner and owner["invoice_settings"]["default_payment_method"] == thing["id"]:
        owner["invoice_settings"]["default_payment_method"] = None
    for sub in world.all("subscription", lambda each: each["default_payment_method"] == thing["id"]):
        sub["default_payment_method"] = None
    before = dict(thing)
    thing["customer"] = None
    world.hidden[thing["id"]]["detached"] = True
    emit(world, "payment_method.detached", thing, before)


def _create(ask: Ask) -> Thing:
    given = ask.take(
        {
            "type": Needed(choice("card")),
            "card": Needed(
                group({"token": NAME, "number": text(), "exp_month": whole(), "exp_year": whole(), "cvc": text()})
            ),
            "billing_details": _BILLING,
            "metadata": metadata,
        },
        "PaymentMethodCreateParams",
    )
    if "token" not in given["card"]:
        raise Refused("Numbers of cards are not taken from servers; use a token.", param="card[number]", status=402)
    card = CARDS.get(given["card"]["token"].removeprefix("tok_"))
    if card is None or ask.world.livemode:
        raise no_such("token", given["card"]["token"], "card[token]", status=400)
    thing = create(ask.world, card, **given.get("billing_details", {}))
    thing["metadata"] = merged({}, given.get("metadata", {}))
    return thing


def _update(ask: Ask) -> Thing:
    thing = ask.named("payment_method")
    given = ask.take({"billing_details": _BILLING, "metadata": metadata}, "PaymentMethodUpdateParams")
    before = {**thing, "billing_details": dict(thing["billing_details"])}
    thing["billing_details"] |= given.get("billing_details", {})
    thing["metadata"] = merged(thing["metadata"], given.get("metadata", {}))
    emit(ask.world, "payment_method.updated", thing, before)
    return thing


def _attach(ask: Ask) -> Thing:
    thing = method(ask.world, ask.names["id"], "id")
    given = ask.take({"customer": Needed(NAME)}, "PaymentMethodAttachParams")
    attach(ask.world, thing, ask.world.customer(given["customer"]))
    return thing


def _detach(ask: Ask) -> Thing:
    thing = ask.named("payment_method")
    ask.take({}, "PaymentMethodDetachParams")
    if thing["customer"] is None:
        raise Refused("The payment method is not attached.", code="payment_method_unexpected_state")
    detach(ask.world, thing)
    return thing


def _list(ask: Ask) -> Thing:
    given = ask.filters({"customer": NAME, "type": choice("card")}, "PaymentMethodListParams")
    owner = given.get("customer")
    return ask.page("payment_method", lambda each: owner is not None and each["customer"] == owner)


def _of_customer(ask: Ask) -> Thing:
    owner = ask.named("customer", "customer")
    return ask.page("payment_method", lambda each: each["customer"] == owner["id"])


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/payment_methods", _create),
        ("GET", "/v1/payment_methods", _list),
        ("GET", "/v1/payment_methods/:id", lambda ask: ask.named("payment_method")),
        ("POST", "/v1/payment_methods/:id", _update),
        ("POST", "/v1/payment_methods/:id/attach", _attach),
        ("POST", "/v1/payment_methods/:id/detach", _detach),
        ("GET", "/v1/customers/:customer/payment_methods", _of_customer),
    )
)
