"""What is sold: products, prices (and the plans that mirror them), coupons and promotion codes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.errors import Refused, invalid, state
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.params import (
    AMOUNT,
    MOMENT,
    NAME,
    Needed,
    Spec,
    choice,
    clears,
    currency,
    filled,
    flag,
    group,
    many,
    merged,
    metadata,
    number,
    text,
    url,
    whole,
)
from dev.fakes.stripe.shapes import made
from dev.fakes.stripe.world import Thing, World, name

INTERVALS: Final = ("day", "week", "month", "year")
_MOST: Final = {"day": 1095, "week": 156, "month": 36, "year": 3}
"""Three years at most between two charges."""

_PRODUCT: Final = {
    "active": flag, "description": clears(text()), "images": many(url, most=8), "metadata": metadata, "unit_label": clears(text(12)),
    "statement_descriptor": text(22), "tax_code": clears(NAME), "url": clears(url), "default_price": NAME,
    "marketing_features": many(group({"name": Needed(filled(80))}), most=15),
}  # fmt: skip
_RECURRING: Final[Spec] = {
    "interval": Needed(choice(*INTERVALS)),
    "interval_count": whole(least=1),
    "usage_type": choice("licensed"),
}


def _create_product(ask: Ask) -> Thing:
    given = ask.take({**_PRODUCT, "id": NAME, "name": Needed(filled(250))}, "ProductCreateParams")
    named = given.pop("id", name("prod", 14))
    if named in ask.world.objects:
        raise Refused(f"A product {named} exists.", code="resource_already_exists", param="id")
    now = ask.world.now()
    given["metadata"] = merged({}, given.get("metadata", {}))
    defaults = {"active": True, "images": [], "marketing_features": [], "type": "service"}
    thing = ask.world.add(
        "product", named, **{**defaults, **given}, created=now, updated=now, livemode=ask.world.livemode
    )
    emit(ask.world, "product.created", thing)
    return thing


def _update_product(ask: Ask) -> Thing:
    thing = ask.named("product")
    given = ask.take({**_PRODUCT, "name": filled(250)}, "ProductUpdateParams")
    if "default_price" in given:
        ask.world.given("price", given["default_price"], "default_price")
    return _changed(ask.world, thing, {**given, "updated": ask.world.now()})


def _delete_product(ask: Ask) -> Thing:
    thing = ask.named("product")
    if ask.world.all("price", lambda price: price["product"] == thing["id"]):
        raise state("A product that has prices cannot be deleted; make it inactive.")
    gone = ask.world.remove(thing)
    emit(ask.world, "product.deleted", thing)
    return gone


def _changed(world: World, thing: Thing, given: Mapping[str, Any]) -> Thing:
    """Take over what was given, and tell of it."""
    before = dict(thing)
    new = {**given}
    if "metadata" in given:
        new["metadata"] = merged(thing["metadata"], given["metadata"])
    thing.update(new)
    emit(world, f"{thing['object']}.updated", thing, before)
    return thing


def _create_price(ask: Ask) -> Thing:
    given = ask.take(
        {
            "currency": Needed(currency),
            "product": NAME,
            "product_data": group({"name": Needed(filled(250)), "metadata": metadata}),
            "unit_amount": AMOUNT,
            "recurring": group(_RECURRING),
            "active": flag,
            "nickname": text(),
            "lookup_key": filled(200),
            "transfer_lookup_key": flag,
            "tax_behavior": choice("exclusive", "inclusive", "unspecified"),
            "billing_scheme": choice("per_unit"),
            "metadata": metadata,
        },
        "PriceCreateParams",
    )
    if "unit_amount" not in given:
        raise Refused("A price needs its unit_amount.", code="parameter_missing", param="unit_amount")
    if ("product" in given) == ("product_data" in given):
        raise Refused("One of product and product_data is needed.", code="parameter_missing", param="product")
    product = _product_of(ask, given)
    recurring = _recurring(given.get("recurring"))
    _free_lookup_key(ask.world, given.get("lookup_key"), transfer=given.get("transfer_lookup_key", False))
    thing = ask.world.add(
        "price",
        name("price"),
        active=given.get("active", True),
        billing_scheme="per_unit",
        created=ask.world.now(),
        currency=given["currency"],
        livemode=ask.world.livemode,
        lookup_key=given.get("lookup_key"),
        nickname=given.get("nickname"),
        metadata=merged({}, given.get("metadata", {})),
        product=product["id"],
        recurring=recurring,
        tax_behavior=given.get("tax_behavior", "unspecified"),
        type="recurring" if recurring else "one_time",
        unit_amount=given["unit_amount"],
        unit_amount_decimal=str(given["unit_amount"]),
    )
    emit(ask.world, "price.created", thing)
    return thing


def _product_of(ask: Ask, given: Mapping[str, Any]) -> Thing:
    if "product" in given:
        product = ask.world.given("product", given["product"], "product")
        if not product["active"]:
            raise state("The product is inactive.", param="product")
        return product
    inner = Ask(world=ask.world, path=ask.path, given=dict(ask.given["product_data"]), names={})
    return _create_product(inner)


def _recurring(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    count = given.get("interval_count", 1)
    if count > _MOST[given["interval"]]:
        raise invalid("recurring[interval_count]", "three years at most.", "parameter_invalid_integer")
    return {
        "interval": given["interval"],
        "interval_count": count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def _free_lookup_key(world: World, key: str | None, *, transfer: bool) -> None:
    for price in world.all("price", lambda price: key is not None and price["lookup_key"] == key):
        if not transfer:
            raise Refused(f"The lookup_key {key} is taken.", code="resource_already_exists", param="lookup_key")
        price["lookup_key"] = None


def _update_price(ask: Ask) -> Thing:
    thing = ask.named("price")
    given = ask.take(
        {
            "active": flag,
            "nickname": clears(text()),
            "lookup_key": clears(filled(200)),
            "transfer_lookup_key": flag,
            "metadata": metadata,
            "tax_behavior": choice("exclusive", "inclusive", "unspecified"),
        },
        "PriceUpdateParams",
    )
    if given.get("lookup_key") and given["lookup_key"] != thing["lookup_key"]:
        _free_lookup_key(ask.world, given["lookup_key"], transfer=given.get("transfer_lookup_key", False))
    given.pop("transfer_lookup_key", None)
    if (
        thing["tax_behavior"] != "unspecified"
        and given.get("tax_behavior", thing["tax_behavior"]) != thing["tax_behavior"]
    ):
        raise state("The tax_behavior of a price is set once.", param="tax_behavior")
    return _changed(ask.world, thing, given)


def _prices(ask: Ask) -> Thing:
    given = ask.filters(
        {
            "active": flag,
            "product": NAME,
            "currency": currency,
            "type": choice("one_time", "recurring"),
            "lookup_keys": many(NAME, most=10),
        },
        "PriceListParams",
    )
    plain = {each: given[each] for each in ("active", "product", "currency", "type") if each in given}
    keys = given.get("lookup_keys")
    return ask.page(
        "price",
        lambda price: (
            all(price[each] == value for each, value in plain.items()) and (keys is None or price["lookup_key"] in keys)
        ),
    )


def _products(ask: Ask) -> Thing:
    given = ask.filters({"active": flag, "ids": many(NAME)}, "ProductListParams")
    return ask.page(
        "product",
        lambda product: (
            product["active"] == given.get("active", product["active"])
            and product["id"] in given.get("ids", [product["id"]])
        ),
    )


def plan(price: Thing) -> Thing:
    """The older form of a recurring price, which subscription items still carry."""
    recurring = price["recurring"]
    return made(
        "plan",
        id=price["id"],
        active=price["active"],
        amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"],
        billing_scheme="per_unit",
        created=price["created"],
        currency=price["currency"],
        interval=recurring["interval"],
        interval_count=recurring["interval_count"],
        livemode=price["livemode"],
        metadata=price["metadata"],
        nickname=price["nickname"],
        product=price["product"],
        usage_type="licensed",
    )


def usable_price(world: World, named: str, param: str, *, recurring: bool | None = None) -> Thing:
    """A price that may be sold: active, and of an active product."""
    price = world.given("price", named, param)
    if not price["active"] or not world.objects[price["product"]]["active"]:
        raise state(f"The price {named} is inactive, or its product is.", param=param)
    if recurring is not None and (price["type"] == "recurring") != recurring:
        raise state(f"The price {named} is {'not ' if recurring else ''}recurring.", param=param)
    return price


def _create_coupon(ask: Ask) -> Thing:
    given = ask.take(
        {
            "id": NAME,
            "percent_off": number(least=Decimal("0.01"), most=Decimal(100)),
            "amount_off": whole(least=1),
            "currency": currency,
            "duration": choice("forever", "once", "repeating"),
            "duration_in_months": whole(least=1),
            "max_redemptions": whole(least=1),
            "redeem_by": MOMENT,
            "name": text(40),
            "metadata": metadata,
        },
        "CouponCreateParams",
    )
    if ("percent_off" in given) == ("amount_off" in given):
        raise Refused("One of percent_off and amount_off is needed.", code="parameter_missing", param="percent_off")
    if "amount_off" in given and "currency" not in given:
        raise Refused("amount_off needs its currency.", code="parameter_missing", param="currency")
    duration = given.setdefault("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in given):
        raise Refused("duration_in_months belongs to repeating.", code="parameter_missing", param="duration_in_months")
    named = given.pop("id", name("", 8)[1:])
    if named in ask.world.objects:
        raise Refused(f"A coupon {named} exists.", code="resource_already_exists", param="id")
    given["metadata"] = merged({}, given.get("metadata", {}))
    thing = ask.world.add(
        "coupon",
        named,
        **given,
        created=ask.world.now(),
        livemode=ask.world.livemode,
        times_redeemed=0,
        valid=True,
    )
    emit(ask.world, "coupon.created", thing)
    return thing


def _update_coupon(ask: Ask) -> Thing:
    thing = ask.named("coupon")
    return _changed(ask.world, thing, ask.take({"name": text(40), "metadata": metadata}, "CouponUpdateParams"))


def _delete_coupon(ask: Ask) -> Thing:
    thing = ask.named("coupon")
    emit(ask.world, "coupon.deleted", thing)
    return ask.world.remove(thing)


def _create_code(ask: Ask) -> Thing:
    given = ask.take(
        {
            "promotion": Needed(group({"type": Needed(choice("coupon")), "coupon": Needed(NAME)})),
            "code": filled(500),
            "active": flag,
            "customer": NAME,
            "expires_at": MOMENT,
            "max_redemptions": whole(least=1),
            "metadata": metadata,
        },
        "PromotionCodeCreateParams",
    )
    ask.world.given("coupon", given["promotion"]["coupon"], "promotion[coupon]")
    if "customer" in given:
        ask.world.customer(given["customer"])
    code = given.pop("code", name("", 8)[1:].upper())
    if ask.world.all("promotion_code", lambda each: each["active"] and each["code"].lower() == code.lower()):
        raise Refused(f"An active code {code} exists.", code="resource_already_exists", param="code")
    thing = ask.world.add(
        "promotion_code",
        name("promo"),
        **{**given, "active": given.get("active", True), "metadata": merged({}, given.get("metadata", {}))},
        code=code,
        created=ask.world.now(),
        livemode=ask.world.livemode,
        restrictions={"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None},
        times_redeemed=0,
    )
    emit(ask.world, "promotion_code.created", thing)
    return thing


def _update_code(ask: Ask) -> Thing:
    thing = ask.named("promotion_code")
    return _changed(ask.world, thing, ask.take({"active": flag, "metadata": metadata}, "PromotionCodeUpdateParams"))


def _codes(ask: Ask) -> Thing:
    given = ask.filters({"active": flag, "code": NAME, "coupon": NAME}, "PromotionCodeListParams")

    code = given.get("code")

    def keep(each: Thing) -> bool:
        return bool(
            each["active"] == given.get("active", each["active"])
            and (code is None or each["code"].lower() == code.lower())
            and each["promotion"]["coupon"] == given.get("coupon", each["promotion"]["coupon"])
        )

    return ask.page("promotion_code", keep)


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/products", _create_product),
        ("GET", "/v1/products", _products),
        ("GET", "/v1/products/:id", lambda ask: ask.named("product")),
        ("POST", "/v1/products/:id", _update_product),
        ("DELETE", "/v1/products/:id", _delete_product),
        ("POST", "/v1/prices", _create_price),
        ("GET", "/v1/prices", _prices),
        ("GET", "/v1/prices/:id", lambda ask: ask.named("price")),
        ("POST", "/v1/prices/:id", _update_price),
        ("POST", "/v1/coupons", _create_coupon),
        ("GET", "/v1/coupons", lambda ask: ask.page("coupon")),
        ("GET", "/v1/coupons/:id", lambda ask: ask.named("coupon")),
        ("POST", "/v1/coupons/:id", _update_coupon),
        ("DELETE", "/v1/coupons/:id", _delete_coupon),
        ("POST", "/v1/promotion_codes", _create_code),
        ("GET", "/v1/promotion_codes", _codes),
        ("GET", "/v1/promotion_codes/:id", lambda ask: ask.named("promotion_code")),
        ("POST", "/v1/promotion_codes/:id", _update_code),
    )
)
