"""Subscription schedules: what a subscription is to become, and when. They are made from a subscription that exists."""

from typing import Any, Final

from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.catalogue import plan, usable_price
from dev.fakes.stripe.errors import invalid, missing, not_faked, state
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.invoices import SELF
from dev.fakes.stripe.params import MOMENT, NAME, Needed, choice, flag, group, many, merged, metadata, or_word, whole
from dev.fakes.stripe.periods import after
from dev.fakes.stripe.phases import release, turn
from dev.fakes.stripe.standing import OVER, end, items
from dev.fakes.stripe.subscribing import PRORATIONS, QUANTITY
from dev.fakes.stripe.world import Thing, World, name

_ENDS: Final = choice("release", "cancel")
_PHASE: Final = group({
    "items": Needed(many(group({"price": Needed(NAME), "quantity": QUANTITY}), least=1, most=20)),
    "start_date": or_word("now", MOMENT), "end_date": MOMENT, "proration_behavior": PRORATIONS, "metadata": metadata,
    "duration": group({"interval": Needed(choice("day", "week", "month", "year")), "interval_count": whole(least=1)}),
})  # fmt: skip


def _phase(prices: list[tuple[str, int]], start: int, stop: int, money: str, behaviour: str, world: World) -> Thing:
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": money,
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "end_date": stop,
        "invoice_settings": None,
        "items": [
            {
                "billing_thresholds": None, "discounts": [], "metadata": {}, "plan": plan(world.objects[price])["id"], "price": price,
                "quantity": count, "tax_rates": [],
            }
            for price, count in prices
        ],
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": behaviour,
        "start_date": start,
        "transfer_data": None,
        "trial_end": None,
    }  # fmt: skip


def _create(ask: Ask) -> Thing:
    given = ask.take(
        {"from_subscription": NAME, "customer": NAME, "metadata": metadata}, "SubscriptionScheduleCreateParams"
    )
    if "customer" in given:
        raise not_faked("a schedule that makes its own subscription")
    if "from_subscription" not in given:
        raise missing("from_subscription")
    world = ask.world
    sub = world.given("subscription", given["from_subscription"], "from_subscription")
    if sub["status"] in OVER or sub["schedule"]:
        raise state("The subscription is over, or has a schedule.", param="from_subscription")
    first = items(sub)[0]
    start, stop = first["current_period_start"], first["current_period_end"]
    now_ = [(each["price"]["id"], each["quantity"]) for each in items(sub)]
    thing = world.add(
        "subscription_schedule",
        name("sub_sched"),
        billing_mode=sub["billing_mode"],
        created=world.now(sub["test_clock"]),
        current_phase={"start_date": start, "end_date": stop},
        customer=sub["customer"],
        default_settings={
            **dict.fromkeys(("application_fee_percent", "billing_thresholds", "default_payment_method", "description")),
            **dict.fromkeys(("on_behalf_of", "transfer_data")),
            "billing_cycle_anchor": "automatic",
            "collection_method": sub["collection_method"],
            "invoice_settings": {
                **dict.fromkeys(("account_tax_ids", "custom_fields", "days_until_due", "description", "footer")),
                "issuer": dict(SELF),
            },
        },
        end_behavior="release",
        livemode=world.livemode,
        metadata=merged({}, given.get("metadata", {})),
        pause_schedules=[],
        phases=[_phase(now_, start, stop, sub["currency"], "create_prorations", world)],
        status="active",
        subscription=sub["id"],
        test_clock=sub["test_clock"],
    )  # fmt: skip
    sub["schedule"] = thing["id"]
    world.plan(stop, "phase", thing)
    emit(world, "subscription_schedule.created", thing)
    return thing


def _update(ask: Ask) -> Thing:
    """The phases in full: the one at work begins when it began."""
    thing = _active(ask)
    given = ask.take(
        {
            "phases": many(_PHASE, least=1, most=10),
            "end_behavior": _ENDS,
            "metadata": metadata,
            "proration_behavior": PRORATIONS,
        },
        "SubscriptionScheduleUpdateParams",
    )
    before = dict(thing)
    if "phases" in given:
        thing["phases"] = _phases(ask.world, thing, given["phases"])
        current = thing["phases"][0]
        thing["current_phase"] = {"start_date": current["start_date"], "end_date": current["end_date"]}
        ask.world.plan(current["end_date"], "phase", thing)
    thing["metadata"] = merged(thing["metadata"], given.get("metadata", {}))
    thing["end_behavior"] = given.get("end_behavior", thing["end_behavior"])
    emit(ask.world, "subscription_schedule.updated", thing, before)
    return thing


def _phases(world: World, schedule: Thing, given: list[dict[str, Any]]) -> list[Thing]:
    sub = world.objects[schedule["subscription"]]
    found: list[Thing] = []
    start = schedule["current_phase"]["start_date"]
    for index, each in enumerate(given):
        if index == 0 and each.get("start_date", start) != start:
            raise invalid("phases[0][start_date]", "the phase at work keeps its start.")
        if each.get("start_date", start) not in {start, "now"}:
            raise invalid(f"phases[{index}][start_date]", "a phase begins when the one before ends.")
        prices = [
            (usable_price(world, one["price"], "phases[items][price]", recurring=True)["id"], one.get("quantity", 1))
            for one in each["items"]
        ]
        rhythm = world.objects[prices[0][0]]["recurring"]
        stop = each.get("end_date") or after(
            start, {"interval_count": 1, **each["duration"]} if "duration" in each else rhythm, 1
        )
        if stop <= start:
            raise invalid(f"phases[{index}][end_date]", "a phase ends after it begins.")
        found.append(
            _phase(prices, start, stop, sub["currency"], each.get("proration_behavior", "create_prorations"), world)
        )
        start = stop
    if found[0]["end_date"] < world.now(schedule["test_clock"]):
        raise invalid("phases[0][end_date]", "the phase at work ends in the future.")
    return found


def _active(ask: Ask) -> Thing:
    thing = ask.named("subscription_schedule")
    if thing["status"] != "active":
        raise state(f"The schedule is {thing['status']}.")
    return thing


def _release(ask: Ask) -> Thing:
    """The subscription goes on as it is."""
    thing = _active(ask)
    ask.take({"preserve_cancel_date": flag}, "SubscriptionScheduleReleaseParams")
    release(ask.world, thing, ask.world.objects[thing["subscription"]])
    return thing


def _cancel(ask: Ask) -> Thing:
    """And its subscription, at once."""
    thing = _active(ask)
    ask.take({}, "SubscriptionScheduleCancelParams")
    end(ask.world, ask.world.objects[thing["subscription"]], "cancellation_requested")
    return thing


def _list(ask: Ask) -> Thing:
    given = ask.filters({"customer": NAME}, "SubscriptionScheduleListParams")
    return ask.page("subscription_schedule", lambda each: each["customer"] == given.get("customer", each["customer"]))


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/subscription_schedules", _create),
        ("GET", "/v1/subscription_schedules", _list),
        ("GET", "/v1/subscription_schedules/:id", lambda ask: ask.named("subscription_schedule")),
        ("POST", "/v1/subscription_schedules/:id", _update),
        ("POST", "/v1/subscription_schedules/:id/release", _release),
        ("POST", "/v1/subscription_schedules/:id/cancel", _cancel),
    ),
    actions={"phase": turn},
)
