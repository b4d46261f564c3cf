"""Test clocks (https://docs.stripe.com/billing/testing/test-clocks): time for some customers, moved by whoever tests."""

from collections.abc import Callable, Mapping
from typing import Final

from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.errors import Refused, invalid
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.params import MOMENT, Needed, text
from dev.fakes.stripe.periods import DAY, after
from dev.fakes.stripe.standing import OVER, items
from dev.fakes.stripe.world import Thing, World, name

Action = Callable[[World, Thing], None]


def run(world: World, line: str, until: int, actions: Mapping[str, Action]) -> int:
    """Do what falls due on a line of time, each at its moment. How much it was."""
    done = 0
    while due := world.next_due(line, until):
        thing = world.objects.get(due.id)
        if thing is not None:
            with world.at(due.at):
                actions[due.action](world, thing)
        done += 1
    return done


def _create(ask: Ask) -> Thing:
    given = ask.take({"frozen_time": Needed(MOMENT), "name": text(300)}, "TestClockCreateParams")
    if ask.world.livemode:
        raise Refused("There are no test clocks in live mode.", status=403)
    thing = ask.world.add(
        "test_helpers.test_clock",
        name("clock"),
        created=ask.world.now(),
        deletes_after=ask.world.now() + 30 * DAY,
        frozen_time=given["frozen_time"],
        livemode=False,
        name=given.get("name"),
        status="ready",
        status_details={},
    )
    emit(ask.world, "test_helpers.test_clock.created", thing)
    return thing


def _farthest(world: World, clock: Thing) -> int:
    """Two intervals of the shortest subscription at most, or two years."""
    live = world.all("subscription", lambda sub: sub["test_clock"] == clock["id"] and sub["status"] not in OVER)
    rhythms = [items(sub)[0]["price"]["recurring"] for sub in live] or [{"interval": "year", "interval_count": 1}]
    return min(after(clock["frozen_time"], rhythm, 2) for rhythm in rhythms)


def advance(ask: Ask, actions: Mapping[str, Action]) -> Thing:
    """All is done when this returns; the answer says `advancing`, as the real service's does, and the next one `ready`."""
    clock = ask.named("test_helpers.test_clock")
    given = ask.take({"frozen_time": Needed(MOMENT)}, "TestClockAdvanceParams")
    to = given["frozen_time"]
    if to <= clock["frozen_time"]:
        raise invalid("frozen_time", "a clock goes forward.", "parameter_invalid_integer")
    if to > _farthest(ask.world, clock):
        raise invalid("frozen_time", "two intervals of its shortest subscription at most.", "parameter_invalid_integer")
    emit(ask.world, "test_helpers.test_clock.advancing", {**clock, "status": "advancing"})
    run(ask.world, clock["id"], to, actions)
    clock["frozen_time"] = to
    emit(ask.world, "test_helpers.test_clock.ready", clock)
    return {**clock, "status": "advancing", "status_details": {"advancing": {"target_frozen_time": to}}}


def _delete(ask: Ask) -> Thing:
    """With its customers, and all they have."""
    clock = ask.named("test_helpers.test_clock")
    world = ask.world
    customers = {each["id"] for each in world.all("customer", lambda each: each["test_clock"] == clock["id"])}
    for each in [
        thing for thing in world.objects.values() if thing.get("customer") in customers or thing["id"] in customers
    ]:
        if each["object"] != "event":
            world.remove(each)
    world.agenda = [due for due in world.agenda if due.line != clock["id"]]
    emit(world, "test_helpers.test_clock.deleted", clock)
    return world.remove(clock)


def resource(actions: Mapping[str, Action]) -> Resource:
    clock = "test_helpers.test_clock"
    return Resource(
        routes=(
            ("POST", "/v1/test_helpers/test_clocks", _create),
            ("GET", "/v1/test_helpers/test_clocks", lambda ask: ask.page(clock)),
            ("GET", "/v1/test_helpers/test_clocks/:id", lambda ask: ask.named(clock)),
            ("POST", "/v1/test_helpers/test_clocks/:id/advance", lambda ask: advance(ask, actions)),
            ("DELETE", "/v1/test_helpers/test_clocks/:id", _delete),
        )
    )


LINE: Final = ""
"""The fake's own time."""
