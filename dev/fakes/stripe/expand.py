"""`expand[]`: ids become the objects they name, and fields that are left out come in."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

from dev.fakes.stripe.errors import Refused
from dev.fakes.stripe.world import Thing, World

DEEPEST: Final = 4
Included = Mapping[str, Callable[[World, Thing], Any]]

# Fields that hold an id of what can be expanded.
_NAMES: Final = frozenset({
    "balance_transaction", "charge", "configuration", "coupon", "credit_note", "customer", "default_payment_method", "default_price",
    "discounts", "dispute", "invoice", "latest_charge", "latest_invoice", "payment_intent", "payment_method", "pending_setup_intent",
    "price", "product", "promotion_code", "refund", "schedule", "setup_intent", "subscription", "test_clock",
    "customer_balance_transaction",
})  # fmt: skip


def expand(world: World, answer: Thing, paths: list[str], included: Included) -> Thing:
    """A copy, so that nothing that is kept changes."""
    found = deepcopy(answer)
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST + (parts[0] == "data"):
            raise Refused(f"{DEEPEST} levels at most.", param="expand", code="property_cannot_be_expanded", early=True)
        _into(world, found, parts, included, path)
    return found


def _into(world: World, thing: Any, parts: list[str], included: Included, path: str) -> None:
    if isinstance(thing, list):
        for each in thing:
            _into(world, each, parts, included, path)
        return
    if not isinstance(thing, dict):
        return
    name = parts[0]
    build = included.get(f"{thing.get('object')}.{name}")
    if build:
        thing[name] = deepcopy(build(world, thing))
    elif name not in thing or not (name in _NAMES or isinstance(thing[name], dict | list)):
        raise Refused(f"{path} cannot be expanded.", param="expand", code="property_cannot_be_expanded", early=True)
    elif name in _NAMES:
        thing[name] = _resolved(world, thing[name])
    if len(parts) > 1:
        _into(world, thing[name], parts[1:], included, path)


def _resolved(world: World, value: Any) -> Any:
    if isinstance(value, list):
        return [_resolved(world, each) for each in value]
    if isinstance(value, str):
        gone = world.gone.get(value)
        there = world.objects.get(value)
        return deepcopy(there) if there else {"id": value, "object": gone, "deleted": True} if gone else value
    return value
