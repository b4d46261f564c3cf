"""A buyer at the checkout page: from the card they type to the subscription, or to why it did not come about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dev.fakes.stripe.cards import Asks, Card, attach, create, declined
from dev.fakes.stripe.checkout import add_up, trial_end
from dev.fakes.stripe.customers import TAX_IDS, add_tax_id, change
from dev.fakes.stripe.customers import create as create_customer
from dev.fakes.stripe.discounts import coupon_code, redeem
from dev.fakes.stripe.errors import Refused
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.lines import pricing, wait
from dev.fakes.stripe.params import merged
from dev.fakes.stripe.payments import attempt, intend, set_up
from dev.fakes.stripe.standing import change as stands
from dev.fakes.stripe.subscriptions import begin, start
from dev.fakes.stripe.world import Thing, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """What was typed. `shown`: they were at the bank's page, and it was content."""

    email: str = ""
    name: str = ""
    country: str = ""
    card: Card | None = None
    tax_id: tuple[str, str] | None = None
    code: str = ""
    quantities: Mapping[str, int] = field(default_factory=dict)
    agrees: bool = False
    shown: bool = False


class AtTheBank(Exception):
    """The bank wants to see the holder first."""


def needs_card(session: Thing) -> bool:
    if session["mode"] != "subscription" or session["payment_method_collection"] == "always":
        return True
    return bool(session["amount_total"])


def buy(world: World, session: Thing, buyer: Buyer) -> None:
    """All of it, or a refusal for the page to show; until then nothing exists."""
    if session["status"] != "open":
        raise Refused(f"The session is {session['status']}.")
    _check(world, session, buyer)
    adjust(world, session, buyer)
    card = buyer.card
    if card and card.debit and "sepa_debit" not in session["payment_method_types"]:
        raise Refused("This session takes cards alone.")
    if card and (not card.attaches or (card.decline and not card.debit and session["amount_total"])):
        raise declined(card)
    if card and card.asks is not Asks.NEVER and not buyer.shown:
        raise AtTheBank
    customer = _customer(world, session, buyer)
    paying = None
    if card:
        paying = create(world, card, email=buyer.email or customer["email"], name=buyer.name or customer["name"])
        attach(world, paying, customer)
        world.hidden[paying["id"]]["set_up"] = buyer.shown
    {"subscription": _subscribe, "payment": _pay, "setup": _set_up}[session["mode"]](world, session, customer, paying)
    _complete(world, session, customer, buyer)


def _check(world: World, session: Thing, buyer: Buyer) -> None:
    consent = session["consent_collection"] or {}
    if consent.get("terms_of_service") == "required" and not buyer.agrees:
        raise Refused("The terms have to be agreed to.")
    known = world.objects.get(session["customer"] or "", {})
    if not (buyer.email or session["customer_email"] or known.get("email")):
        raise Refused("An e-mail address is needed.")
    if session["billing_address_collection"] == "required" and not buyer.country:
        raise Refused("A billing address is needed.")
    if buyer.tax_id and (buyer.tax_id[0] not in TAX_IDS or len(buyer.tax_id[1]) < TAX_IDS[buyer.tax_id[0]]):
        raise Refused("That is no tax id of this kind.")
    if needs_card(session) and buyer.card is None:
        raise Refused("The number of the card is not right.", code="incorrect_number")


def adjust(world: World, session: Thing, buyer: Buyer) -> None:
    """Quantities and the promotion code that were typed."""
    for each in world.hidden[session["id"]]["items"]:
        adjustable = each["adjust"]
        wanted = buyer.quantities.get(each["id"], each["quantity"])
        if wanted == each["quantity"] or not adjustable or not adjustable["enabled"]:
            continue
        if not max(1, adjustable.get("minimum", 1)) <= wanted <= adjustable.get("maximum", 99):
            raise Refused("That quantity is not sold.")
        each["quantity"] = wanted
    if buyer.code and session["allow_promotion_codes"]:
        found = world.all("promotion_code", lambda one: one["code"].lower() == buyer.code.lower())
        if not found:
            raise Refused("There is no such code.")
        coupon_code(world, found[-1]["id"], world.now(world.line(session["customer"])), session["customer"])
        session["discounts"] = [{"coupon": None, "promotion_code": found[-1]["id"]}]
    add_up(world, session)


def _customer(world: World, session: Thing, buyer: Buyer) -> Thing:
    typed = {"name": buyer.name, "address": _address(buyer) if buyer.country else None}
    given: dict[str, Any] = {each: value for each, value in typed.items() if value}
    if session["customer"]:
        customer = world.objects[session["customer"]]
        update = world.hidden[session["id"]]["update"]
        change(world, customer, **{each: value for each, value in given.items() if update.get(each) == "auto"})
    else:
        customer = create_customer(world, email=buyer.email or session["customer_email"], **given)
    if buyer.tax_id and session["tax_id_collection"]["enabled"]:
        add_tax_id(world, customer, *buyer.tax_id)
    return customer


def _address(buyer: Buyer) -> dict[str, Any]:
    return {**dict.fromkeys(("city", "line1", "line2", "postal_code", "state")), "country": buyer.country}


def _subscribe(world: World, session: Thing, customer: Thing, paying: Thing | None) -> None:
    hidden = world.hidden[session["id"]]
    data, items = hidden["data"], hidden["items"]
    now = world.now(customer["test_clock"])
    discounts = redeem(world, _discounts(session), customer["id"], customer["test_clock"])
    fields: dict[str, Any] = {"metadata": merged({}, data.get("metadata", {})), "description": data.get("description")}
    if "trial_settings" in data:
        behaviour = {"billing_cycle_anchor": None, **data["trial_settings"]["end_behavior"]}
        fields["trial_settings"] = {"end_behavior": behaviour}
    fields["automatic_tax"] = {
        "enabled": session["automatic_tax"]["enabled"], "disabled_reason": None, "liability": None
    }  # fmt: skip
    for each in items:
        if each["price"]["type"] == "one_time":
            _once(world, customer, each, now)
    sub = begin(
        world,
        customer,
        [(each["price"]["id"], each["quantity"]) for each in items if each["price"]["type"] == "recurring"],
        trial_end=trial_end(data, now),
        discounts=discounts,
        default_payment_method=paying["id"] if paying else None,
        **fields,
    )
    if paying and sub["status"] == "trialing":
        set_up(world, customer, paying, shown=True)
    start(world, sub, "allow_incomplete", paying)
    session |= {"subscription": sub["id"], "invoice": sub["latest_invoice"]}


def _once(world: World, customer: Thing, bought: Thing, now: int) -> None:
    price = bought["price"]
    wait(
        world,
        customer,
        amount=price["unit_amount"] * bought["quantity"],
        currency=price["currency"],
        description=world.objects[price["product"]]["name"],
        period={"start": now, "end": now},
        pricing=pricing(price),
        quantity=bought["quantity"],
    )


def _discounts(session: Thing) -> list[dict[str, str]]:
    return [{name: value for name, value in each.items() if value} for each in session["discounts"] or []]


def _pay(world: World, session: Thing, customer: Thing, paying: Thing | None) -> None:
    intent = intend(world, customer, session["amount_total"], session["currency"], metadata={})
    session["payment_intent"] = intent["id"]
    if paying:
        attempt(world, intent, paying, shown=True)


def _set_up(world: World, session: Thing, customer: Thing, paying: Thing | None) -> None:
    if paying:
        session["setup_intent"] = set_up(world, customer, paying, shown=True)["id"]


def _complete(world: World, session: Thing, customer: Thing, buyer: Buyer) -> None:
    debited = bool(buyer.card and buyer.card.debit)
    ids = world.all("tax_id", lambda each: each["customer"] == customer["id"])
    consent = session["consent_collection"] or {}
    session |= {
        "status": "complete",
        "payment_status": "no_payment_required" if not session["amount_total"] else "unpaid" if debited else "paid",
        "customer": customer["id"],
        "url": None,
        "customer_details": {
            "address": customer["address"],
            "business_name": None,
            "individual_name": None,
            "email": buyer.email or customer["email"],
            "name": buyer.name or customer["name"],
            "phone": None,
            "tax_exempt": customer["tax_exempt"],
            "tax_ids": [{"type": each["type"], "value": each["value"]} for each in ids],
        },
    }
    if consent:
        agreed = "accepted" if consent.get("terms_of_service") == "required" else None
        session["consent"] = {"promotions": None, "terms_of_service": agreed}
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"] = {**session["automatic_tax"], "status": "complete", "provider": "stripe"}
    emit(world, "checkout.session.completed", session)


def replace_card(world: World, customer: Thing, card: Card) -> None:
    """A new card for all that is to come; an invoice that is open is tried with it by the next retry, or by its page."""
    paying = create(world, card, email=customer["email"], name=customer["name"])
    attach(world, paying, customer)
    world.hidden[paying["id"]]["set_up"] = True
    change(world, customer, invoice_settings={"default_payment_method": paying["id"]})
    for sub in world.all(
        "subscription", lambda each: each["customer"] == customer["id"] and each["default_payment_method"]
    ):
        stands(world, sub, default_payment_method=paying["id"])
