"""The endpoints of subscriptions and their items."""

from collections.abc import Mapping
from typing import Any, Final

from dev.fakes.stripe import changes
from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.cards import foretold, method
from dev.fakes.stripe.collect import pay
from dev.fakes.stripe.cycle import ACTIONS
from dev.fakes.stripe.discounts import GIVEN, redeem
from dev.fakes.stripe.errors import Refused, invalid, state
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.invoices import finalize
from dev.fakes.stripe.params import (
    MOMENT,
    NAME,
    Needed,
    choice,
    clears,
    flag,
    group,
    many,
    merged,
    metadata,
    or_word,
    text,
    whole,
)
from dev.fakes.stripe.periods import DAY, next_end
from dev.fakes.stripe.standing import OVER, change, copy, end, items, put_items
from dev.fakes.stripe.subscriptions import begin, invoice, plan_period, start
from dev.fakes.stripe.world import Thing, World

QUANTITY: Final = whole(least=1, most=999_999)
PRORATIONS: Final = choice("create_prorations", "always_invoice", "none")
PAYMENTS: Final = choice("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
_MISSING: Final = choice("cancel", "create_invoice", "pause")
TRIAL: Final = group({"end_behavior": Needed(group({"missing_payment_method": Needed(_MISSING)}))})
TAX: Final = group({"enabled": Needed(flag)})
_DETAILS: Final = group({
    "comment": clears(text()),
    "feedback": clears(
        choice(
            "customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex", "too_expensive", "unused"
        )
    ),
})  # fmt: skip
_COMMON: Final = {
    "metadata": metadata, "description": clears(text(500)), "default_payment_method": NAME, "cancel_at_period_end": flag,
    "cancel_at": clears(MOMENT), "collection_method": choice("charge_automatically", "send_invoice"), "days_until_due": whole(least=0),
    "proration_behavior": PRORATIONS, "payment_behavior": PAYMENTS, "trial_settings": TRIAL, "automatic_tax": TAX, "discounts": GIVEN,
    "off_session": flag, "payment_settings": group({"save_default_payment_method": choice("off", "on_subscription")}),
    "trial_end": or_word("now", MOMENT),
}  # fmt: skip
_PENDING_ONLY: Final = frozenset({
    "items", "payment_behavior", "proration_behavior", "proration_date", "billing_cycle_anchor", "trial_end", "off_session", "expand",
    "discounts",
})  # fmt: skip
"""What an update that waits for its payment may change."""


def _create(ask: Ask) -> Thing:
    given = ask.take(
        {
            **_COMMON,
            "customer": Needed(NAME),
            "items": Needed(many(group({"price": Needed(NAME), "quantity": QUANTITY}), least=1, most=20)),
            "trial_period_days": whole(least=0, most=730),
        },
        "SubscriptionCreateParams",
    )
    world = ask.world
    customer = world.customer(given["customer"])
    now = world.now(customer["test_clock"])
    if "trial_end" in given and "trial_period_days" in given:
        raise invalid("trial_end", "it excludes trial_period_days.")
    trial_end = now + given["trial_period_days"] * DAY if given.get("trial_period_days") else given.get("trial_end")
    paying = _paying(world, customer, given.get("default_payment_method"))
    behaviour = given.get("payment_behavior", "allow_incomplete")
    billed = given.get("collection_method") == "send_invoice"
    if billed and "days_until_due" not in given:
        raise Refused("send_invoice needs days_until_due.", code="parameter_missing", param="days_until_due")
    if behaviour == "pending_if_incomplete":
        raise invalid("payment_behavior", "a new subscription has nothing that could wait.")
    free = isinstance(trial_end, int) and trial_end > now
    if behaviour != "default_incomplete" and not free and not billed:
        failure = foretold(world, paying)
        if failure and (behaviour == "error_if_incomplete" or paying is None):
            raise failure
    found = redeem(world, given.get("discounts") or [], customer["id"], customer["test_clock"])
    sub = begin(
        world,
        customer,
        [(each["price"], each.get("quantity", 1)) for each in given["items"]],
        trial_end=trial_end if isinstance(trial_end, int) else None,
        discounts=found,
        **_plain(given, now),
    )
    if "default_payment_method" in given and paying:
        sub["default_payment_method"] = paying["id"]
    _plan_end(world, sub)
    start(world, sub, behaviour, paying)
    return sub


def _paying(world: World, customer: Thing, named: str | None) -> Thing | None:
    named = named or customer["invoice_settings"]["default_payment_method"]
    if not named:
        return None
    found = method(world, named, "default_payment_method")
    if found["customer"] != customer["id"]:
        raise Refused("The payment method is not this customer's.", param="default_payment_method")
    return found


def _plain(given: Mapping[str, Any], now: int) -> dict[str, Any]:
    """Fields that are as they were given."""
    named = ("description", "cancel_at_period_end", "cancel_at", "collection_method", "days_until_due")
    found: dict[str, Any] = {each: given[each] for each in named if each in given}
    if "metadata" in given:
        found["metadata"] = merged({}, given["metadata"])
    if "automatic_tax" in given:
        found["automatic_tax"] = {
            "enabled": given["automatic_tax"]["enabled"],
            "disabled_reason": None,
            "liability": None,
        }
    if "trial_settings" in given:
        behaviour = given["trial_settings"]["end_behavior"]
        found["trial_settings"] = {"end_behavior": {"billing_cycle_anchor": None, **behaviour}}
    if given.get("cancel_at_period_end") or given.get("cancel_at"):
        found["canceled_at"] = now
    return found


def _plan_end(world: World, sub: Thing) -> None:
    if sub["cancel_at"]:
        world.plan(sub["cancel_at"], "cancel_at", sub)


def _alive(ask: Ask) -> Thing:
    sub = ask.named("subscription")
    if sub["status"] in OVER:
        raise Refused(f"The subscription is {sub['status']}.", code="resource_missing", param="id", status=404)
    return sub


def _update(ask: Ask) -> Thing:
    sub = _alive(ask)
    item = group({
        "id": NAME, "price": NAME, "quantity": QUANTITY, "deleted": flag, "clear_usage": flag, "metadata": metadata,
    })  # fmt: skip
    pause = group({"behavior": Needed(choice("keep_as_draft", "mark_uncollectible", "void")), "resumes_at": MOMENT})
    given = ask.take(
        {
            **_COMMON,
            "items": many(item, most=20),
            "proration_date": MOMENT,
            "billing_cycle_anchor": choice("now", "unchanged"),
            "cancellation_details": _DETAILS,
            "pause_collection": clears(pause),
        },
        "SubscriptionModifyParams",
    )
    _allowed(sub, given)
    _money(ask.world, sub, given)
    before = copy(sub)
    _rest(ask.world, sub, given)
    emit(ask.world, "customer.subscription.updated", sub, before)
    return sub


def _allowed(sub: Thing, given: Mapping[str, Any]) -> None:
    if given.get("payment_behavior") == "pending_if_incomplete" and (extra := given.keys() - _PENDING_ONLY):
        raise invalid(min(extra), "it cannot wait for a payment (pending_if_incomplete).")
    if sub["status"] == "incomplete" and given.keys() - {"metadata", "default_payment_method", "description"}:
        raise state("A subscription whose first payment is open cannot be changed so.")
    if given.get("cancel_at_period_end") and given.get("cancel_at"):
        raise invalid("cancel_at", "it excludes cancel_at_period_end.")
    if sub["schedule"] and given.keys() & {"items", "cancel_at", "cancel_at_period_end", "trial_end"}:
        raise state("A schedule manages the subscription; change or release it.")
    if sub["pending_update"] and given.keys() & {"items", "trial_end", "billing_cycle_anchor"}:
        raise state("A change of the subscription waits for its payment.", "subscription_pending_update")


def _money(world: World, sub: Thing, given: Mapping[str, Any]) -> None:
    if given.get("trial_end") is not None:
        _trial(world, sub, given["trial_end"])
    if "items" in given or given.get("billing_cycle_anchor") == "now":
        changes.apply(
            world,
            sub,
            given.get("items", []),
            behaviour=given.get("proration_behavior", "create_prorations"),
            payment=given.get("payment_behavior", "allow_incomplete"),
            at=given.get("proration_date"),
            restarts=given.get("billing_cycle_anchor") == "now",
        )


def _trial(world: World, sub: Thing, wanted: int | str) -> None:
    now = world.now(sub["test_clock"])
    stop = now if wanted == "now" else int(wanted)
    if stop < now:
        raise invalid("trial_end", "it lies in the past.")
    before = copy(sub)
    if stop > now:
        sub |= {"status": "trialing", "trial_end": stop, "trial_start": sub["trial_start"] or now}
        sub["billing_cycle_anchor"] = stop
        put_items(sub, [{**each, "current_period_end": stop} for each in items(sub)])
        emit(world, "customer.subscription.updated", sub, before)
        plan_period(world, sub)
        return
    if sub["status"] != "trialing":
        return
    sub |= {"status": "active", "trial_end": now, "billing_cycle_anchor": now}
    rhythm = items(sub)[0]["price"]["recurring"]
    turned = [
        {**each, "current_period_start": now, "current_period_end": next_end(now, rhythm, now)} for each in items(sub)
    ]
    put_items(sub, turned)
    emit(world, "customer.subscription.updated", sub, before)
    plan_period(world, sub)
    first = invoice(world, sub, "subscription_update")
    finalize(world, first)
    if first["amount_due"]:
        pay(world, first)


def _rest(world: World, sub: Thing, given: Mapping[str, Any]) -> None:
    now = world.now(sub["test_clock"])
    plain = _plain({**given, "metadata": {}}, now)
    plain["metadata"] = merged(sub["metadata"], given.get("metadata", {}))
    if given.get("cancel_at_period_end") is False or ("cancel_at" in given and given["cancel_at"] is None):
        plain["canceled_at"] = None
    if given.get("cancel_at_period_end"):
        plain["cancellation_details"] = {**sub["cancellation_details"], "reason": "cancellation_requested"}
        plain["cancel_at"] = items(sub)[0]["current_period_end"]
    elif given.get("cancel_at_period_end") is False:
        plain |= {"cancel_at": None, "cancellation_details": {**sub["cancellation_details"], "reason": None}}
    if "cancellation_details" in given:
        plain["cancellation_details"] = {
            **(plain.get("cancellation_details") or sub["cancellation_details"]),
            **given["cancellation_details"],
        }
    if "default_payment_method" in given:
        customer = world.objects[sub["customer"]]
        paying = _paying(world, customer, given["default_payment_method"])
        plain["default_payment_method"] = paying["id"] if paying else None
    if "pause_collection" in given:
        pause = given["pause_collection"]
        plain["pause_collection"] = {"resumes_at": None, **pause} if pause else None
        if pause and pause.get("resumes_at"):
            world.plan(pause["resumes_at"], "resume_collection", sub)
    if "discounts" in given:
        found = redeem(world, given["discounts"] or [], sub["customer"], sub["test_clock"])
        plain["discounts"] = [each["id"] for each in found]
    sub.update(plain)
    if given.get("cancel_at"):
        _plan_end(world, sub)


def _cancel(ask: Ask) -> Thing:
    """At once. What was paid for the rest comes back as credit if `prorate`; `invoice_now` settles it at once."""
    sub = _alive(ask)
    given = ask.take(
        {"invoice_now": flag, "prorate": flag, "cancellation_details": _DETAILS}, "SubscriptionCancelParams"
    )
    sub["cancellation_details"] = {**sub["cancellation_details"], **given.get("cancellation_details", {})}
    now = ask.world.now(sub["test_clock"])
    if given.get("prorate") and sub["status"] == "active":
        changes.give_back(ask.world, sub, now)
    if given.get("invoice_now"):
        changes.settle(ask.world, sub)
    end(ask.world, sub, "cancellation_requested")
    return sub


def _resume(ask: Ask) -> Thing:
    """Of a subscription that was paused, with a new period; it stays paused until its invoice is paid."""
    sub = _alive(ask)
    given = ask.take(
        {"billing_cycle_anchor": choice("now", "unchanged"), "proration_behavior": PRORATIONS},
        "SubscriptionResumeParams",
    )
    if sub["status"] != "paused":
        raise state(f"The subscription is {sub['status']}, and only one that is paused can be resumed.")
    if given.get("billing_cycle_anchor") == "unchanged":
        raise state("The period is over; only a new one can begin.", param="billing_cycle_anchor")
    world = ask.world
    now = world.now(sub["test_clock"])
    sub["billing_cycle_anchor"] = now
    rhythm = items(sub)[0]["price"]["recurring"]
    put_items(
        sub,
        [
            {**each, "current_period_start": now, "current_period_end": next_end(now, rhythm, now)}
            for each in items(sub)
        ],
    )
    plan_period(world, sub)
    first = invoice(world, sub, "subscription_update")
    world.hidden[sub["id"]]["resuming"] = first["id"]
    finalize(world, first)
    if first["amount_due"]:
        pay(world, first)
    else:
        change(world, sub, status="active")
        emit(world, "customer.subscription.resumed", sub)
    return sub


def _list(ask: Ask) -> Thing:
    """Without a status: all that have not ended."""
    statuses = (
        "all", "ended", "active", "canceled", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid",
    )  # fmt: skip
    given = ask.filters(
        {"customer": NAME, "price": NAME, "status": choice(*statuses), "test_clock": NAME, "collection_method": NAME},
        "SubscriptionListParams",
    )
    wanted = given.get("status")

    def stands(sub: Thing) -> bool:
        if wanted in {None, "ended"}:
            return (sub["status"] in OVER) == (wanted == "ended")
        return wanted in {"all", sub["status"]}

    def keep(sub: Thing) -> bool:
        plain = all(sub[each] == given.get(each, sub[each]) for each in ("customer", "collection_method"))
        # Who lives by a test clock is listed with the clock or the customer alone.
        plain = plain and ("customer" in given or sub["test_clock"] == given.get("test_clock"))
        return (
            stands(sub) and plain and ("price" not in given or given["price"] in {i["price"]["id"] for i in items(sub)})
        )

    return ask.page("subscription", keep)


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/subscriptions", _create),
        ("GET", "/v1/subscriptions", _list),
        ("GET", "/v1/subscriptions/:id", lambda ask: ask.named("subscription")),
        ("POST", "/v1/subscriptions/:id", _update),
        ("DELETE", "/v1/subscriptions/:id", _cancel),
        ("POST", "/v1/subscriptions/:id/resume", _resume),
    ),
    actions=ACTIONS,
)
