"""The endpoints of single subscription items; each change is one of the subscription's."""

from typing import Final

from dev.fakes.stripe import changes
from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.errors import Refused, no_such
from dev.fakes.stripe.params import MOMENT, NAME, Needed
from dev.fakes.stripe.standing import OVER, items
from dev.fakes.stripe.subscribing import PAYMENTS, PRORATIONS, QUANTITY
from dev.fakes.stripe.world import Thing

_MONEY: Final = {"proration_behavior": PRORATIONS, "payment_behavior": PAYMENTS, "proration_date": MOMENT}


def _found(ask: Ask) -> tuple[Thing, Thing]:
    """The subscription and its item."""
    named = ask.names["id"]
    for sub in ask.world.all("subscription"):
        for each in items(sub):
            if each["id"] == named:
                return sub, each
    raise no_such("subscription_item", named)


def _apply(ask: Ask, sub: Thing, change: Thing, given: Thing) -> None:
    if sub["status"] in OVER or sub["schedule"] or sub["pending_update"]:
        raise Refused("The subscription is over, or a schedule or an open change manages it.", param="id")
    changes.apply(
        ask.world,
        sub,
        [change],
        behaviour=given.get("proration_behavior", "create_prorations"),
        payment=given.get("payment_behavior", "allow_incomplete"),
        at=given.get("proration_date"),
    )


def _create(ask: Ask) -> Thing:
    given = ask.take(
        {**_MONEY, "subscription": Needed(NAME), "price": Needed(NAME), "quantity": QUANTITY},
        "SubscriptionItemCreateParams",
    )
    sub = ask.world.given("subscription", given["subscription"], "subscription")
    _apply(ask, sub, {"price": given["price"], "quantity": given.get("quantity", 1)}, given)
    return next(each for each in items(sub) if each["price"]["id"] == given["price"])


def _update(ask: Ask) -> Thing:
    sub, item = _found(ask)
    given = ask.take({**_MONEY, "price": NAME, "quantity": QUANTITY}, "SubscriptionItemUpdateParams")
    _apply(
        ask, sub, {"id": item["id"], **{part: given[part] for part in ("price", "quantity") if part in given}}, given
    )
    return _found(ask)[1]


def _delete(ask: Ask) -> Thing:
    sub, item = _found(ask)
    _apply(ask, sub, {"id": item["id"], "deleted": True}, ask.take(_MONEY, "SubscriptionItemDeleteParams"))
    return {"id": item["id"], "object": "subscription_item", "deleted": True}


def _list(ask: Ask) -> Thing:
    given = ask.filters({"subscription": Needed(NAME)}, "SubscriptionItemListParams")
    return ask.paged(items(ask.world.given("subscription", given["subscription"], "subscription")))


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/subscription_items", _create),
        ("GET", "/v1/subscription_items", _list),
        ("GET", "/v1/subscription_items/:id", lambda ask: _found(ask)[1]),
        ("POST", "/v1/subscription_items/:id", _update),
        ("DELETE", "/v1/subscription_items/:id", _delete),
    )
)
