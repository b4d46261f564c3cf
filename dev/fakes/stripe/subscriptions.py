"""Subscriptions from their first day: how one begins, and what its first invoice does."""

from collections.abc import Sequence
from typing import Any, Final

from dev.fakes.stripe.catalogue import plan, usable_price
from dev.fakes.stripe.collect import paid, pay
from dev.fakes.stripe.errors import Refused, not_faked
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.invoices import NO_TAX, SELF, compose, finalize, save
from dev.fakes.stripe.lines import of_item, of_waiting, waiting
from dev.fakes.stripe.periods import DAY, next_end
from dev.fakes.stripe.shapes import made
from dev.fakes.stripe.standing import items, put_items
from dev.fakes.stripe.world import Thing, World, name

FIRST_HOURS: Final = 23 * 3600
"""How long the first payment may wait."""
SOON: Final = 3 * DAY
"""How long before its end a trial's end is told."""
UPCOMING: Final = 7 * DAY


def item(world: World, sub: str, price: Thing, quantity: int, period: tuple[int, int], **more: Any) -> Thing:
    start, end = period
    return made(
        "subscription_item",
        id=name("si", 14),
        created=world.now(),
        current_period_start=start,
        current_period_end=end,
        discounts=[],
        plan=plan(price),
        price=dict(price),
        quantity=quantity,
        subscription=sub,
        tax_rates=[],
        **more,
    )


def same_rhythm(prices: Sequence[Thing]) -> dict[str, Any]:
    """The interval that all prices share; one currency, and no price twice."""
    if len({price["currency"] for price in prices}) > 1:
        raise Refused("All prices of a subscription are of one currency.", param="items")
    if len({price["id"] for price in prices}) < len(prices):
        raise Refused("A price is in a subscription once.", param="items")
    rhythms = {(price["recurring"]["interval"], price["recurring"]["interval_count"]) for price in prices}
    if len(rhythms) > 1:
        raise not_faked("items of different intervals in one subscription")
    found: dict[str, Any] = prices[0]["recurring"]
    return found


def begin(
    world: World,
    customer: Thing,
    wanted: Sequence[tuple[str, int]],
    *,
    trial_end: int | None = None,
    discounts: Sequence[Thing] = (),
    **fields: Any,
) -> Thing:
    """The subscription and its items, as it stands before anything was charged. Quantities by the price's id."""
    prices = [usable_price(world, each, "items[price]", recurring=True) for each, _ in wanted]
    rhythm = same_rhythm(prices)
    now = world.now(customer["test_clock"])
    trial = trial_end is not None and trial_end > now
    anchor = trial_end if trial and trial_end else now
    sub = world.add(
        "subscription",
        named := name("sub"),
        **{
            "automatic_tax": {each: NO_TAX[each] for each in ("enabled", "disabled_reason", "liability")},
            "billing_cycle_anchor": anchor,
            "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}, "updated_at": None},
            "billing_schedules": [],
            "cancel_at_period_end": False,
            "cancellation_details": {"comment": None, "feedback": None, "reason": None, "feedback_option": None},
            "collection_method": "charge_automatically",
            "created": now,
            "currency": prices[0]["currency"],
            "customer": customer["id"],
            "discounts": [each["id"] for each in discounts],
            "invoice_settings": {
                "issuer": dict(SELF), "account_tax_ids": None, "custom_fields": None, "description": None, "footer": None
            },
            "items": {},
            "livemode": world.livemode,
            "payment_settings": {
                "payment_method_options": None, "payment_method_types": None, "save_default_payment_method": "off"
            },
            "start_date": now,
            "status": "trialing" if trial else "incomplete",
            "test_clock": customer["test_clock"],
            "trial_start": now if trial else None,
            "trial_end": anchor if trial else None,
            "trial_settings": {
                "end_behavior": {"missing_payment_method": "create_invoice", "billing_cycle_anchor": None}
            },
            **fields,
        },
    )  # fmt: skip
    end = anchor if trial else next_end(now, rhythm, now)
    found = [
        item(world, named, price, quantity, (now, end)) for price, (_, quantity) in zip(prices, wanted, strict=True)
    ]
    put_items(sub, found)
    for each in discounts:
        each["subscription"] = named
    customer["currency"] = sub["currency"]
    plan_period(world, sub)
    return sub


def plan_period(world: World, sub: Thing) -> None:
    end = items(sub)[0]["current_period_end"]
    world.plan(end, "renew", sub)
    if sub["status"] == "trialing":
        world.plan(max(end - SOON, world.now(sub["test_clock"])), "trial_soon", sub)
    else:
        world.plan(max(end - UPCOMING, world.now(sub["test_clock"]) + 1), "upcoming", sub)


def invoice(world: World, sub: Thing, reason: str, *, free: bool = False) -> Thing:
    """A draft of the current period, with what waited for it."""
    customer = world.objects[sub["customer"]]
    lines = [of_item(world, sub, each, free=free) for each in items(sub)]
    waited = waiting(world, customer["id"], sub["id"], sub["currency"])
    lines = [*(of_waiting(world, each) for each in waited), *lines]
    first = items(sub)[0]
    made_ = compose(
        world,
        customer,
        lines,
        money=sub["currency"],
        reason=reason,
        sub=sub,
        period=(first["current_period_start"], first["current_period_start"]),
    )
    draft = save(world, made_, waited)
    world.hidden[draft["id"]]["days_until_due"] = sub["days_until_due"] or 30
    sub["latest_invoice"] = draft["id"]
    return draft


def start(world: World, sub: Thing, behaviour: str, paying: Thing | None = None) -> None:
    """The first invoice. `behaviour` is Stripe's `payment_behavior`; a trial's first invoice is of nothing."""
    first = invoice(world, sub, "subscription_create", free=sub["status"] == "trialing")
    if sub["status"] == "incomplete" and (not first["amount_due"] or sub["collection_method"] == "send_invoice"):
        sub["status"] = "active"
    emit(world, "customer.subscription.created", sub)
    finalize(world, first)
    if not first["amount_due"]:
        paid(world, first)
    elif sub["status"] == "incomplete":
        world.plan(sub["created"] + FIRST_HOURS, "give_up", sub)
        if behaviour != "default_incomplete":
            pay(world, first, paying)
    else:
        emit(world, "invoice.sent", first)
