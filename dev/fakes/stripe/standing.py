"""Where a subscription stands, and how it ends."""

from typing import Any

from dev.fakes.stripe.events import emit
from dev.fakes.stripe.shapes import listing
from dev.fakes.stripe.world import Thing, World

OVER = frozenset({"canceled", "incomplete_expired"})


def items(sub: Thing) -> list[Thing]:
    found: list[Thing] = sub["items"]["data"]
    return found


def put_items(sub: Thing, found: list[Thing]) -> None:
    sub["items"] = {**listing(found, f"/v1/subscription_items?subscription={sub['id']}"), "total_count": len(found)}


def copy(sub: Thing) -> Thing:
    return {**sub, "items": {**sub["items"], "data": [dict(each) for each in items(sub)]}}


def change(world: World, sub: Thing, **fields: Any) -> None:
    before = copy(sub)
    sub.update(fields)
    emit(world, "customer.subscription.updated", sub, before)


def end(world: World, sub: Thing, reason: str | None, status: str = "canceled") -> None:
    """At once. `reason` is Stripe's word for why."""
    if sub["status"] in OVER:
        return
    now = world.now(sub["test_clock"])
    details = {**(sub["cancellation_details"] or {}), "reason": reason}
    sub |= {
        "status": status,
        "ended_at": now,
        "canceled_at": sub["canceled_at"] or now,
        "cancellation_details": details,
        "pending_update": None,
    }
    kind = "deleted" if status == "canceled" else "updated"
    if schedule := world.objects.get(sub["schedule"] or ""):
        before = dict(schedule)
        schedule |= {"status": "canceled", "canceled_at": now, "current_phase": None}
        emit(world, "subscription_schedule.canceled", schedule, before)
    emit(world, f"customer.subscription.{kind}", sub)


def subscription(world: World, invoice: Thing) -> Thing | None:
    """The one an invoice is of."""
    parent = invoice["parent"] or {}
    details = parent.get("subscription_details") or {}
    return world.objects.get(details.get("subscription", ""))
