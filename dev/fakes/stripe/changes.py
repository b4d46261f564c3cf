"""A change of a subscription's items: what it costs for the rest of the period, and when that is charged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dev.fakes.stripe.catalogue import plan, usable_price
from dev.fakes.stripe.collect import paid, pay, refused
from dev.fakes.stripe.errors import Refused, no_such, state
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.invoices import close, compose, finalize, save
from dev.fakes.stripe.lines import of_waiting, prorate, waiting
from dev.fakes.stripe.periods import next_end
from dev.fakes.stripe.standing import copy, items, put_items
from dev.fakes.stripe.subscriptions import FIRST_HOURS, invoice, item, plan_period, same_rhythm
from dev.fakes.stripe.world import Thing, World


@dataclass(kw_only=True)
class Change:
    """`restarts`: a new period begins at once."""

    new: list[Thing]
    lines: list[Thing]
    restarts: bool
    changed: bool


def planned(world: World, sub: Thing, given: Sequence[Mapping[str, Any]]) -> list[Thing]:
    """The items as they would be."""
    found = {each["id"]: dict(each) for each in items(sub)}
    first = items(sub)[0]
    period = (first["current_period_start"], first["current_period_end"])
    for each in given:
        price = usable_price(world, each["price"], "items[price]", recurring=True) if "price" in each else None
        named = each.get("id")
        if named is None:
            if price is None:
                raise Refused("A new item has a price.", code="parameter_missing", param="items[0][price]")
            made = item(world, sub["id"], price, each.get("quantity", 1), period)
            found[made["id"]] = made
        elif named not in found:
            raise no_such("subscription_item", named, "items[0][id]", status=400)
        elif each.get("deleted"):
            del found[named]
        else:
            if price:
                found[named] |= {"price": dict(price), "plan": plan(price)}
            found[named]["quantity"] = each.get("quantity", found[named]["quantity"])
    new = list(found.values())
    if not new:
        raise state("A subscription has one item at least.", param="items")
    same_rhythm([each["price"] for each in new])
    if new[0]["price"]["currency"] != sub["currency"]:
        raise Refused("A subscription keeps its currency.", param="items[0][price]")
    return new


def weigh(world: World, sub: Thing, new: list[Thing], *, at: int | None, restarts: bool, save: bool) -> Change:
    """Compare the items with those to come. On trial, and without a moment to prorate at, nothing is owed."""
    old = {each["id"]: each for each in items(sub)}
    rhythm = items(sub)[0]["price"]["recurring"]
    turned = restarts or (
        bool(new) and any(new[0]["price"]["recurring"][part] != rhythm[part] for part in ("interval", "interval_count"))
    )
    lines: list[Thing] = []
    changed = False
    for each in [*old.values(), *(one for one in new if one["id"] not in old)]:
        now_ = old.get(each["id"])
        then = next((one for one in new if one["id"] == each["id"]), None)
        if now_ and then and _same(now_, then) and not turned:
            continue
        changed = True
        if at is None or sub["status"] == "trialing":
            continue
        if now_:
            lines.append(prorate(world, sub, now_, at, unused=True, save=save))
        if then and not turned:
            lines.append(prorate(world, sub, then, at, unused=False, save=save))
    if turned:
        now = world.now(sub["test_clock"])
        stop = next_end(now, new[0]["price"]["recurring"], now)
        new = [{**each, "current_period_start": now, "current_period_end": stop} for each in new]
    return Change(new=new, lines=lines, restarts=turned and sub["status"] != "trialing", changed=changed)


def _same(one: Thing, other: Thing) -> bool:
    return bool(one["price"]["id"] == other["price"]["id"] and one["quantity"] == other["quantity"])


def apply(  # noqa: PLR0913 - what an update says of money
    world: World,
    sub: Thing,
    given: Sequence[Mapping[str, Any]],
    *,
    behaviour: str = "create_prorations",
    payment: str = "allow_incomplete",
    at: int | None = None,
    restarts: bool = False,
) -> None:
    """`behaviour` is Stripe's `proration_behavior`, `payment` its `payment_behavior`."""
    now = world.now(sub["test_clock"])
    first = items(sub)[0]
    at = now if at is None else at
    if not first["current_period_start"] <= at <= first["current_period_end"]:
        raise Refused("proration_date is within the current period.", param="proration_date")
    before = copy(sub)
    new = planned(world, sub, given)
    change = weigh(world, sub, new, at=None if behaviour == "none" else at, restarts=restarts, save=True)
    if not change.changed:
        return
    put_items(sub, change.new)
    if change.restarts:
        sub["billing_cycle_anchor"] = now
    billed = _bill(world, sub, behaviour, restarts=change.restarts)
    if billed:
        _collect(world, sub, billed, before, payment)
    if sub["pending_update"] is None and (change.restarts or sub["status"] == "trialing"):
        plan_period(world, sub)
    emit(world, "customer.subscription.updated", sub, before)


def _bill(world: World, sub: Thing, behaviour: str, *, restarts: bool) -> Thing | None:
    if restarts:
        return invoice(world, sub, "subscription_update")
    if behaviour != "always_invoice":
        return None
    customer = world.objects[sub["customer"]]
    waited = waiting(world, customer["id"], sub["id"], sub["currency"])
    if not waited:
        return None
    now = world.now(sub["test_clock"])
    lines = [of_waiting(world, each) for each in waited]
    made = compose(
        world, customer, lines, money=sub["currency"], reason="subscription_update", sub=sub, period=(now, now)
    )
    draft = save(world, made, waited)
    sub["latest_invoice"] = draft["id"]
    return draft


def _collect(world: World, sub: Thing, draft: Thing, before: Thing, payment: str) -> None:
    """Charge for a change. What becomes of it when the charge fails is the caller's word."""
    if payment == "pending_if_incomplete":
        _hold(world, sub, draft, before)
    finalize(world, draft)
    if not draft["amount_due"]:
        paid(world, draft)
        return
    if sub["collection_method"] == "send_invoice" or payment == "default_incomplete":
        return
    if pay(world, draft):
        return
    if payment == "error_if_incomplete":
        failure = refused(world, draft)
        close(world, draft, "void")
        sub.update(before)
        raise failure


def _hold(world: World, sub: Thing, draft: Thing, before: Thing) -> None:
    """The items stay as they were until the invoice is paid: paying it brings the new ones."""
    new, expires = items(sub), world.now(sub["test_clock"]) + FIRST_HOURS
    hidden = world.hidden[sub["id"]]
    hidden |= {"pending_items": [dict(each) for each in new], "pending_invoice": draft["id"]}
    sub["items"] = before["items"]
    sub["pending_update"] = {
        "billing_cycle_anchor": None,
        "cancel_at_period_end": None,
        "discount": None,
        "discounts": None,
        "expires_at": expires,
        "metadata": None,
        "subscription_items": [dict(each) for each in new],
        "trial_end": None,
        "trial_from_plan": None,
    }
    world.plan(expires, "drop_update", sub)


def give_back(world: World, sub: Thing, at: int) -> None:
    """The rest of the period, as credit for the next invoice."""
    for each in items(sub):
        prorate(world, sub, each, at, unused=True)


def settle(world: World, sub: Thing) -> None:
    """Put what waits on an invoice of its own, and close it."""
    draft = _bill(world, sub, "always_invoice", restarts=False)
    if draft:
        finalize(world, draft)
        if draft["amount_due"]:
            pay(world, draft)
        else:
            paid(world, draft)
