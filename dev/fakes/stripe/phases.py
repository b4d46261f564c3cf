"""What a schedule does to its subscription when one phase ends and the next begins."""

from dev.fakes.stripe.catalogue import usable_price
from dev.fakes.stripe.changes import apply
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.standing import end, items, put_items
from dev.fakes.stripe.subscriptions import item
from dev.fakes.stripe.world import Thing, World


def turn(world: World, schedule: Thing) -> None:
    """Called when a phase may have ended, once or twice: at its end, and before a renewal at the same moment is billed."""
    now = world.now(schedule["test_clock"])
    current = schedule["current_phase"]
    if schedule["status"] != "active" or current is None or current["end_date"] > now:
        return
    before = dict(schedule)
    sub = world.objects[schedule["subscription"]]
    following = next((each for each in schedule["phases"] if each["start_date"] == current["end_date"]), None)
    if following is None:
        _over(world, schedule, sub)
        return
    schedule["current_phase"] = {"start_date": following["start_date"], "end_date": following["end_date"]}
    emit(world, "subscription_schedule.updated", schedule, before)
    _put(world, sub, following)
    world.plan(following["end_date"], "phase", schedule)


def _over(world: World, schedule: Thing, sub: Thing) -> None:
    now = world.now(schedule["test_clock"])
    if schedule["end_behavior"] == "cancel":
        schedule |= {"status": "completed", "completed_at": now, "current_phase": None}
        sub["schedule"] = None
        end(world, sub, "cancellation_requested")
        emit(world, "subscription_schedule.completed", schedule)
        return
    release(world, schedule, sub)


def release(world: World, schedule: Thing, sub: Thing) -> None:
    now = world.now(schedule["test_clock"])
    schedule |= {
        "status": "released",
        "released_at": now,
        "released_subscription": sub["id"],
        "subscription": None,
        "current_phase": None,
    }
    before = {**sub}
    sub["schedule"] = None
    emit(world, "subscription_schedule.released", schedule)
    emit(world, "customer.subscription.updated", sub, before)


def _put(world: World, sub: Thing, phase: Thing) -> None:
    """The items of a phase. At the end of a period nothing is left to prorate: they are put there, and the renewal bills them."""
    now = world.now(sub["test_clock"])
    first = items(sub)[0]
    wanted = {each["price"]: each["quantity"] for each in phase["items"]}
    if first["current_period_end"] != now:
        known = {each["price"]["id"]: each["id"] for each in items(sub)}
        changes = [
            {"id": known[price], "quantity": count} if price in known else {"price": price, "quantity": count}
            for price, count in wanted.items()
        ]
        gone = [{"id": named, "deleted": True} for price, named in known.items() if price not in wanted]
        apply(world, sub, [*changes, *gone], behaviour=phase["proration_behavior"])
        return
    before = {**sub}
    period = (first["current_period_start"], first["current_period_end"])
    prices = {each: usable_price(world, each, "items[price]", recurring=True) for each in wanted}
    known_items = {each["price"]["id"]: each for each in items(sub)}
    new = [
        {**known_items[each], "quantity": count}
        if each in known_items
        else item(world, sub["id"], prices[each], count, period)
        for each, count in wanted.items()
    ]
    if new[0]["price"]["recurring"] != first["price"]["recurring"]:
        sub["billing_cycle_anchor"] = now
    put_items(sub, new)
    emit(world, "customer.subscription.updated", sub, before)
