"""Checkout sessions: what is to be bought, and what became of it. The page a browser clicks is `hosted`."""

from collections.abc import Mapping
from typing import Any, Final

from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.catalogue import usable_price
from dev.fakes.stripe.discounts import GIVEN, coupon_code, off, valid
from dev.fakes.stripe.errors import Refused, invalid, missing, state
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.params import (
    MOMENT,
    NAME,
    Check,
    Needed,
    choice,
    currency,
    filled,
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
from dev.fakes.stripe.shapes import listing, made
from dev.fakes.stripe.subscribing import QUANTITY, TAX, TRIAL
from dev.fakes.stripe.subscriptions import same_rhythm
from dev.fakes.stripe.world import Thing, World, name

SHORTEST: Final = 1800
LONGEST: Final = DAY
TRIAL_AHEAD: Final = 2 * DAY
_ITEM: Final = group({
    "price": Needed(NAME),
    "quantity": QUANTITY,
    "adjustable_quantity": group({"enabled": Needed(flag), "minimum": whole(least=0), "maximum": whole(least=1)}),
})  # fmt: skip
_DATA: Final = group({
    "metadata": metadata, "description": text(500), "trial_period_days": whole(least=1, most=730), "trial_end": MOMENT,
    "trial_settings": TRIAL,
})  # fmt: skip
_UPDATE: Final = group(
    {"name": choice("auto", "never"), "address": choice("auto", "never"), "shipping": choice("auto", "never")}
)
_CONSENT: Final = group({"terms_of_service": choice("none", "required"), "promotions": choice("auto", "none")})
_SPEC: Final[Mapping[str, Check | Needed]] = {
    "mode": Needed(choice("payment", "setup", "subscription")), "line_items": many(_ITEM, least=1, most=100), "customer": NAME,
    "customer_email": filled(800), "client_reference_id": filled(200), "success_url": url, "cancel_url": url,
    "subscription_data": _DATA, "payment_method_collection": choice("always", "if_required"), "automatic_tax": TAX,
    "tax_id_collection": group({"enabled": Needed(flag), "required": choice("if_supported", "never")}),
    "billing_address_collection": choice("auto", "required"), "customer_update": _UPDATE, "consent_collection": _CONSENT,
    "allow_promotion_codes": flag, "discounts": GIVEN, "metadata": metadata, "expires_at": MOMENT, "locale": NAME,
    "payment_method_types": many(choice("card", "sepa_debit"), least=1), "customer_creation": choice("always", "if_required"),
    "phone_number_collection": group({"enabled": Needed(flag)}), "currency": currency, "ui_mode": choice("hosted_page"),
}  # fmt: skip


def _create(ask: Ask) -> Thing:
    given = ask.take(_SPEC, "checkout.SessionCreateParams")
    world = ask.world
    customer = world.customer(given["customer"]) if "customer" in given else None
    line = customer["test_clock"] if customer else None
    now = world.now(line)
    _agree(given)
    _suits(given, customer, now)
    bought = _bought(world, given)
    named = name(f"cs_{world.mode}", 58)
    expires = given.get("expires_at", now + LONGEST)
    # A code that cannot be used is refused now, and counted when it is paid.
    for each in given.get("discounts") or []:
        _usable(world, each, now, customer)
    money = bought[0]["price"]["currency"] if bought else given.get("currency")
    fields: dict[str, Any] = {
        **{each: given[each] for each in _PLAIN if each in given},
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None, **given.get("automatic_tax", {})},
        "created": now,
        "currency": money,
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer": customer["id"] if customer else None,
        "customer_email": given.get("customer_email"),
        "discounts": [
            {"coupon": each.get("coupon"), "promotion_code": each.get("promotion_code")}
            for each in given.get("discounts") or []
        ],
        "expires_at": expires,
        "livemode": world.livemode,
        "metadata": merged({}, given.get("metadata", {})),
        "mode": given["mode"],
        "payment_method_collection": given.get("payment_method_collection", "always") if given["mode"] == "subscription" else None,
        "payment_method_types": given.get("payment_method_types", ["card"]),
        "payment_status": "no_payment_required" if given["mode"] == "setup" else "unpaid",
        "shipping_options": [],
        "status": "open",
        "tax_id_collection": {"enabled": False, "required": "never", **given.get("tax_id_collection", {})},
        "ui_mode": "hosted_page",
        "url": f"{world.url}/c/pay/{named}",
    }  # fmt: skip
    session = world.add("checkout.session", named, **fields)
    world.hidden[named] = {
        "items": bought,
        "data": given.get("subscription_data", {}),
        "update": given.get("customer_update", {}),
    }
    add_up(world, session)
    world.plan(expires, "expire_session", session, line or "")
    return session


_PLAIN: Final = (
    "client_reference_id", "success_url", "cancel_url", "billing_address_collection", "allow_promotion_codes", "locale",
    "customer_creation", "phone_number_collection", "consent_collection",
)  # fmt: skip


def _agree(given: Mapping[str, Any]) -> None:
    """Parameters that exclude or need each other."""
    if "success_url" not in given:
        raise missing("success_url")
    if given["mode"] == "setup" and "line_items" in given:
        raise invalid("line_items", "nothing is bought by setup.")
    if given["mode"] != "setup" and "line_items" not in given:
        raise missing("line_items")
    for one, other in (
        ("customer", "customer_email"),
        ("allow_promotion_codes", "discounts"),
        ("customer", "customer_creation"),
    ):
        if given.get(one) and given.get(other):
            raise invalid(other, f"it excludes {one}.")
    for each in ("subscription_data", "payment_method_collection"):
        if each in given and given["mode"] != "subscription":
            raise invalid(each, "it is for subscriptions.")
    if len(given.get("discounts") or []) > 1:
        raise invalid("discounts", "one at most.", "parameter_invalid_array")
    if "customer_update" in given and "customer" not in given:
        raise invalid("customer_update", "there is no customer to change.")


def _suits(given: Mapping[str, Any], customer: Thing | None, now: int) -> None:
    expires = given.get("expires_at", now + LONGEST)
    if not now + SHORTEST <= expires <= now + LONGEST:
        raise invalid("expires_at", "from 30 minutes to 24 hours from now.", "parameter_invalid_integer")
    data = given.get("subscription_data", {})
    if "trial_end" in data and ("trial_period_days" in data or data["trial_end"] < now + TRIAL_AHEAD):
        raise invalid("subscription_data[trial_end]", "two days ahead at least, and not with trial_period_days.")
    update = given.get("customer_update", {})
    if (
        customer
        and given.get("automatic_tax", {}).get("enabled")
        and not customer["address"]
        and update.get("address") != "auto"
    ):
        raise Refused(
            "Tax needs the customer's address, or customer_update[address]=auto.",
            code="customer_tax_location_invalid",
            param="automatic_tax",
        )
    if customer and given.get("tax_id_collection", {}).get("enabled") and update.get("name") != "auto":
        raise invalid("tax_id_collection", "with a customer it needs customer_update[name]=auto.")


def _bought(world: World, given: Mapping[str, Any]) -> list[Thing]:
    found = []
    for each in given.get("line_items", []):
        recurring = None if given["mode"] == "subscription" else False
        price = usable_price(world, each["price"], "line_items[price]", recurring=recurring)
        if "quantity" not in each:
            raise missing("line_items[0][quantity]")
        found.append(
            {"id": name("li"), "price": price, "quantity": each["quantity"], "adjust": each.get("adjustable_quantity")}
        )
    if given["mode"] == "subscription":
        recurring_prices = [each["price"] for each in found if each["price"]["type"] == "recurring"]
        if not recurring_prices:
            raise Refused("A subscription needs a recurring price.", param="line_items")
        same_rhythm(recurring_prices)
    return found


def _usable(world: World, given: Mapping[str, str], now: int, customer: Thing | None) -> None:
    if "promotion_code" in given:
        coupon_code(world, given["promotion_code"], now, customer["id"] if customer else None)
    elif not valid(world.given("coupon", given.get("coupon", ""), "discounts[coupon]"), now):
        raise Refused("The coupon is spent or over.", code="coupon_expired", param="discounts[coupon]")


def trial_end(data: Mapping[str, Any], now: int) -> int | None:
    if "trial_period_days" in data:
        return int(now + data["trial_period_days"] * DAY)
    found: int | None = data.get("trial_end")
    return found


def add_up(world: World, session: Thing) -> None:
    hidden = world.hidden[session["id"]]
    if session["mode"] == "setup":
        return
    on_trial = "trial_period_days" in hidden["data"] or "trial_end" in hidden["data"]
    subtotal = sum(
        each["price"]["unit_amount"] * each["quantity"]
        for each in hidden["items"]
        if not (on_trial and each["price"]["type"] == "recurring")
    )
    taken = 0
    for each in session["discounts"] or []:
        code = world.objects.get(each["promotion_code"] or "")
        coupon = world.objects.get(code["promotion"]["coupon"] if code else each["coupon"])
        taken += off(coupon, subtotal - taken, session["currency"]) if coupon else 0
    session |= {
        "amount_subtotal": subtotal,
        "amount_total": subtotal - taken,
        "total_details": {"amount_discount": taken, "amount_shipping": 0, "amount_tax": 0, "breakdown": None},
    }


def line_items(world: World, session: Thing) -> Thing:
    lines = []
    for each in world.hidden[session["id"]]["items"]:
        amount = each["price"]["unit_amount"] * each["quantity"]
        lines.append(
            made(
                "item",
                id=each["id"],
                amount_discount=0,
                amount_subtotal=amount,
                amount_tax=0,
                amount_total=amount,
                currency=session["currency"],
                description=world.objects[each["price"]["product"]]["name"],
                price=each["price"],
                quantity=each["quantity"],
            )
        )
    return listing(lines, f"/v1/checkout/sessions/{session['id']}/line_items")


def expire(world: World, session: Thing) -> None:
    if session["status"] != "open":
        return
    session |= {"status": "expired", "url": None}
    emit(world, "checkout.session.expired", session)


def _expire(ask: Ask) -> Thing:
    session = ask.named("checkout.session")
    ask.take({}, "checkout.SessionExpireParams")
    if session["status"] != "open":
        raise state(f"The session is {session['status']}.")
    expire(ask.world, session)
    return session


def _list(ask: Ask) -> Thing:
    fields = ("customer", "payment_intent", "subscription", "status")
    given = ask.filters(dict.fromkeys(fields, NAME), "checkout.SessionListParams")
    return ask.page(
        "checkout.session", lambda each: all(each[field] == given.get(field, each[field]) for field in fields)
    )


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/checkout/sessions", _create),
        ("GET", "/v1/checkout/sessions", _list),
        ("GET", "/v1/checkout/sessions/:id", lambda ask: ask.named("checkout.session")),
        (
            "GET",
            "/v1/checkout/sessions/:id/line_items",
            lambda ask: ask.paged(line_items(ask.world, ask.named("checkout.session"))["data"]),
        ),
        ("POST", "/v1/checkout/sessions/:id/expire", _expire),
    ),
    actions={"expire_session": expire},
    included={"checkout.session.line_items": line_items},
)
