"""Coupons at work: who has which, for how long, and how much they take off."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dev.fakes.stripe.errors import Refused
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.params import NAME, Check, clears, group, many
from dev.fakes.stripe.periods import after
from dev.fakes.stripe.world import Thing, World, name

GIVEN: Check = clears(many(group({"coupon": NAME, "promotion_code": NAME, "discount": NAME}), most=20))


def redeem(world: World, given: Iterable[Mapping[str, str]], customer: str | None, line: str | None) -> list[Thing]:
    """Discounts as parameters name them, each with its coupon counted."""
    return [_redeemed(world, each, customer, line) for each in given]


def _redeemed(world: World, given: Mapping[str, str], customer: str | None, line: str | None) -> Thing:
    if "discount" in given:
        return world.given("discount", given["discount"], "discounts[discount]")
    now = world.now(line)
    code = coupon_code(world, given["promotion_code"], now, customer) if "promotion_code" in given else None
    named = code["promotion"]["coupon"] if code else given.get("coupon", "")
    coupon = world.given("coupon", named, "discounts[coupon]")
    if not valid(coupon, now):
        raise Refused(f"The coupon {named} is spent or over.", code="coupon_expired", param="discounts[coupon]")
    coupon["times_redeemed"] += 1
    coupon["valid"] = valid(coupon, now)
    if code:
        code["times_redeemed"] += 1
        code["active"] = code["max_redemptions"] is None or code["times_redeemed"] < code["max_redemptions"]
    months = {"interval": "month", "interval_count": coupon["duration_in_months"]}
    discount = world.add(
        "discount",
        name("di"),
        customer=customer,
        end=after(now, months, 1) if coupon["duration"] == "repeating" else None,
        promotion_code=code["id"] if code else None,
        source={"type": "coupon", "coupon": coupon["id"]},
        start=now,
    )
    emit(world, "customer.discount.created", discount)
    return discount


def coupon_code(world: World, named: str, now: int, customer: str | None) -> Thing:
    """A promotion code by id, if it can be used."""
    code = world.given("promotion_code", named, "discounts[promotion_code]")
    over = code["expires_at"] is not None and code["expires_at"] <= now
    if not code["active"] or over or code["customer"] not in {None, customer}:
        raise Refused("The code cannot be used.", code="promotion_code_inactive", param="discounts[promotion_code]")
    return code


def valid(coupon: Thing, now: int) -> bool:
    spent = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    return not spent and (coupon["redeem_by"] is None or coupon["redeem_by"] > now)


def off(coupon: Mapping[str, Any], base: int, money: str) -> int:
    """What a coupon takes off an amount."""
    if base <= 0:
        return 0
    if coupon["percent_off"] is not None:
        part = Decimal(base) * Decimal(str(coupon["percent_off"])) / 100
        return min(base, int(part.quantize(Decimal(1), ROUND_HALF_UP)))
    return min(base, coupon["amount_off"]) if coupon["currency"] == money else 0


def kept(world: World, discounts: Iterable[str], now: int, *, renewed: bool) -> list[str]:
    """Those of a subscription that still count: `once` is over when the first invoice was made."""
    found = []
    for each in discounts:
        discount = world.objects[each]
        coupon = world.objects.get(discount["source"]["coupon"])
        over = coupon is None or (coupon["duration"] == "once" and renewed)
        if not over and (discount["end"] is None or discount["end"] > now):
            found.append(each)
    return found
