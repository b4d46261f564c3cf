"""What time does to subscriptions: trials end, periods renew, what was not paid is given up."""

from collections.abc import Callable, Mapping
from typing import Final

from dev.fakes.stripe.collect import advance, debited, overdue, retry, void_open
from dev.fakes.stripe.discounts import kept
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.invoices import close, compose
from dev.fakes.stripe.lines import of_item, of_waiting, waiting
from dev.fakes.stripe.periods import next_end
from dev.fakes.stripe.phases import turn
from dev.fakes.stripe.standing import OVER, change, copy, end, items, put_items
from dev.fakes.stripe.subscriptions import invoice, plan_period
from dev.fakes.stripe.world import Thing, World

DRAFT: Final = 3600
"""Seconds for which a renewal's invoice stays a draft."""


def renew(world: World, sub: Thing) -> None:
    """The end of a period, or of a trial. A subscription that has gone on meanwhile is left alone."""
    now = world.now(sub["test_clock"])
    if sub["status"] in OVER or sub["status"] == "paused" or items(sub)[0]["current_period_end"] != now:
        return
    if sub["status"] == "incomplete":
        return
    if schedule := world.objects.get(sub["schedule"] or ""):
        turn(world, schedule)
        if sub["status"] in OVER:
            return
    if sub["cancel_at_period_end"] or (sub["cancel_at"] or now + 1) <= now:
        end(world, sub, "cancellation_requested")
        return
    if sub["status"] == "trialing" and _ends_with_trial(world, sub):
        return
    next_period(world, sub)
    _bill(world, sub)


def _ends_with_trial(world: World, sub: Thing) -> bool:
    """Whether a trial without a payment method ends the subscription, or pauses it."""
    customer = world.objects[sub["customer"]]
    if sub["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]:
        return False
    behaviour = sub["trial_settings"]["end_behavior"]["missing_payment_method"]
    if behaviour == "cancel":
        end(world, sub, "cancellation_requested")
    elif behaviour == "pause":
        change(world, sub, status="paused")
        emit(world, "customer.subscription.paused", sub)
    return bool(behaviour != "create_invoice")


def next_period(world: World, sub: Thing) -> None:
    """The period begins anew, and so does what the subscription was scheduled to become."""
    before = copy(sub)
    now = world.now(sub["test_clock"])
    turned = []
    for each in items(sub):
        stop = next_end(sub["billing_cycle_anchor"], each["price"]["recurring"], now)
        turned.append({**each, "current_period_start": now, "current_period_end": stop})
    put_items(sub, turned)
    if sub["status"] == "trialing":
        sub["status"] = "active"
    sub["discounts"] = kept(world, sub["discounts"], now, renewed=before["status"] != "trialing")
    emit(world, "customer.subscription.updated", sub, before)
    plan_period(world, sub)


def _bill(world: World, sub: Thing) -> None:
    draft = invoice(world, sub, "subscription_cycle")
    pause = sub["pause_collection"]
    if sub["status"] == "unpaid" or (pause and pause["behavior"] == "keep_as_draft"):
        draft["auto_advance"] = False
        return
    draft["automatically_finalizes_at"] = draft["created"] + DRAFT
    world.plan(draft["created"] + DRAFT, "finalize", draft)


def finalize(world: World, draft: Thing) -> None:
    parent = (draft["parent"] or {}).get("subscription_details") or {}
    sub = world.objects.get(parent.get("subscription", ""))
    pause = sub["pause_collection"] if sub else None
    if pause and draft["status"] == "draft":
        draft["collection_method"] = "send_invoice"
        advance(world, draft)
        close(world, draft, "void" if pause["behavior"] == "void" else "uncollectible")
        return
    advance(world, draft)


def trial_soon(world: World, sub: Thing) -> None:
    if sub["status"] == "trialing":
        emit(world, "customer.subscription.trial_will_end", sub)


def upcoming(world: World, sub: Thing) -> None:
    """What the next invoice will be, told some days before."""
    if sub["status"] in OVER or sub["cancel_at_period_end"] or sub["status"] in {"incomplete", "unpaid", "paused"}:
        return
    told = preview(world, sub)
    del told["id"]
    emit(world, "invoice.upcoming", told)


def preview(world: World, sub: Thing, extra: list[Thing] | None = None) -> Thing:
    """The next renewal's invoice; `extra` are items that would wait for it."""
    customer = world.objects[sub["customer"]]
    start = items(sub)[0]["current_period_end"]
    ahead = []
    for each in items(sub):
        stop = next_end(sub["billing_cycle_anchor"], each["price"]["recurring"], start)
        ahead.append(of_item(world, sub, {**each, "current_period_start": start, "current_period_end": stop}))
    waited = [*waiting(world, customer["id"], sub["id"], sub["currency"]), *(extra or [])]
    if sub["cancel_at_period_end"]:
        ahead = []
    made = compose(
        world,
        customer,
        [*(of_waiting(world, each) for each in waited), *ahead],
        money=sub["currency"],
        reason="upcoming",
        sub={**sub, "discounts": kept(world, sub["discounts"], start, renewed=sub["status"] != "trialing")},
        period=(items(sub)[0]["current_period_start"], start),
    )
    return {**made, "created": start, "id": f"upcoming_{made['id']}", "next_payment_attempt": start + DRAFT}


def give_up(world: World, sub: Thing) -> None:
    """A first payment that never came."""
    if sub["status"] == "incomplete":
        end(world, sub, None, "incomplete_expired")
        void_open(world, sub)


def drop_update(world: World, sub: Thing) -> None:
    """A change that waited for a payment which never came."""
    pending = sub["pending_update"]
    if not pending or pending["expires_at"] > world.now(sub["test_clock"]):
        return
    world.hidden[sub["id"]].pop("pending_items")
    waiting_for = world.objects[world.hidden[sub["id"]].pop("pending_invoice")]
    change(world, sub, pending_update=None)
    emit(world, "customer.subscription.pending_update_expired", sub)
    if waiting_for["status"] == "open":
        close(world, waiting_for, "void")


def cancel_at(world: World, sub: Thing) -> None:
    if sub["status"] not in OVER and sub["cancel_at"] == world.now(sub["test_clock"]):
        end(world, sub, "cancellation_requested")


def resume_collection(world: World, sub: Thing) -> None:
    pause = sub["pause_collection"]
    if pause and pause["resumes_at"] == world.now(sub["test_clock"]):
        change(world, sub, pause_collection=None)


ACTIONS: Final[Mapping[str, Callable[[World, Thing], None]]] = {
    "renew": renew,
    "finalize": finalize,
    "retry": retry,
    "overdue": overdue,
    "debited": debited,
    "trial_soon": trial_soon,
    "upcoming": upcoming,
    "give_up": give_up,
    "drop_update": drop_update,
    "cancel_at": cancel_at,
    "resume_collection": resume_collection,
}
