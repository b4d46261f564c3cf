"""The endpoints: people, subscriptions, money. Each takes a call, and answers with what is to be shown."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from dev.fakes.doors import Call
from dev.fakes.razorpay import links, money, subscriptions
from dev.fakes.razorpay.checks import (
    AMOUNT,
    CURRENCIES,
    MOMENT,
    Check,
    Needed,
    Refused,
    choice,
    flag,
    group,
    many,
    notes,
    take,
    text,
    whole,
)
from dev.fakes.razorpay.world import Thing, World

LARGEST_PAGE: Final = 100
_ITEM: Final = group(
    {
        "name": Needed(text()),
        "amount": Needed(AMOUNT),
        "currency": Needed(choice(*CURRENCIES)),
        "description": text(2048),
    }
)
_ADDON: Final[Mapping[str, Check | Needed]] = {"item": Needed(_ITEM), "quantity": whole(least=1, most=100)}
_PERIODS: Final = ("daily", "weekly", "monthly", "quarterly", "yearly")
_PERSON: Final = {"name": text(50), "email": text(64), "contact": text(15)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    world: World

    def table(self) -> list[tuple[str, str, Callable[[Call], Any]]]:
        return [*self._of_people(), *self._of_subscriptions(), *self._of_money()]

    def _of_people(self) -> list[tuple[str, str, Callable[[Call], Any]]]:
        return [
            ("POST", "/plans", self._plan),
            ("GET", "/plans", lambda call: self._list(call, "plan")),
            ("GET", "/plans/:id", lambda call: self._one(call, "plan")),
            ("POST", "/customers", self._create_customer),
            ("GET", "/customers", lambda call: self._list(call, "customer")),
            ("GET", "/customers/:id", lambda call: self._one(call, "customer")),
            ("PUT", "/customers/:id", self._edit_customer),
            ("GET", "/customers/:id/tokens", self._tokens),
            ("GET", "/customers/:id/tokens/:token", self._token),
            ("DELETE", "/customers/:id/tokens/:token", self._delete_token),
            ("PUT", "/customers/:id/tokens/:token/cancel", self._cancel_token),
        ]

    def _of_subscriptions(self) -> list[tuple[str, str, Callable[[Call], Any]]]:
        return [
            ("POST", "/subscriptions", self._subscribe),
            ("GET", "/subscriptions", lambda call: self._list(call, "subscription", "plan_id", "customer_id")),
            ("GET", "/subscriptions/:id", lambda call: self._one(call, "subscription")),
            ("PATCH", "/subscriptions/:id", self._update),
            ("POST", "/subscriptions/:id/cancel", self._cancel),
            ("POST", "/subscriptions/:id/pause", lambda call: self._turn(call, "pause_at", subscriptions.pause)),
            ("POST", "/subscriptions/:id/resume", lambda call: self._turn(call, "resume_at", subscriptions.resume)),
            ("POST", "/subscriptions/:id/addons", self._addon),
            ("GET", "/subscriptions/:id/retrieve_scheduled_changes", self._scheduled),
            ("POST", "/subscriptions/:id/cancel_scheduled_changes", self._unscheduled),
            ("GET", "/addons", lambda call: self._list(call, "addon")),
            ("GET", "/addons/:id", lambda call: self._one(call, "addon")),
            ("DELETE", "/addons/:id", self._delete_addon),
        ]

    def _of_money(self) -> list[tuple[str, str, Callable[[Call], Any]]]:
        return [
            (
                "GET",
                "/invoices",
                lambda call: self._list(call, "invoice", "subscription_id", "customer_id", "payment_id"),
            ),
            ("GET", "/invoices/:id", lambda call: self._one(call, "invoice")),
            ("GET", "/payments", lambda call: self._list(call, "payment")),
            ("GET", "/payments/:id", lambda call: self._one(call, "payment")),
            ("POST", "/payments/:id/refund", self._refund),
            ("GET", "/payments/:id/refunds", self._refunds),
            ("GET", "/refunds", lambda call: self._list(call, "refund")),
            ("GET", "/refunds/:id", lambda call: self._one(call, "refund")),
            ("GET", "/disputes", lambda call: self._list(call, "dispute")),
            ("GET", "/disputes/:id", lambda call: self._one(call, "dispute")),
            ("POST", "/payment_links", self._link),
            ("GET", "/payment_links", self._links),
            ("GET", "/payment_links/:id", lambda call: self._one(call, "payment_link")),
            ("POST", "/payment_links/:id/cancel", self._cancel_link),
        ]

    def _one(self, call: Call, kind: str, part: str = "id") -> Thing:
        return self.world.find(kind, call.names[part])

    def _list(self, call: Call, kind: str, *filters: str) -> Thing:
        """`count`, `skip`, `from` and `to`, and the filters of the kind. Newest first."""
        plain = {"count": whole(least=1, most=LARGEST_PAGE), "skip": whole(), "from": MOMENT, "to": MOMENT}
        given = take(dict(parse_qsl(call.query)), {**plain, **dict.fromkeys(filters, text())})
        found = self.world.all(
            kind,
            lambda each: (
                given.get("from", 0) <= each["created_at"] <= given.get("to", 10**12)
                and all(each[name] == given.get(name, each[name]) for name in filters)
            ),
        )
        start = given.get("skip", 0)
        return _collection(found[start : start + given.get("count", 10)])

    def _plan(self, call: Call) -> Thing:
        given = take(
            _body(call),
            {
                "period": Needed(choice(*_PERIODS)),
                "interval": Needed(whole(least=1, most=4000)),
                "item": Needed(_ITEM),
                "notes": notes,
            },
        )
        if given["period"] == "daily" and given["interval"] < 7:
            raise Refused("A daily plan has an interval of 7 at least.", field="interval")
        nothing = dict.fromkeys(("unit", "hsn_code", "sac_code", "tax_rate", "tax_id", "tax_group_id"))
        now = self.world.now()
        item = {"description": None, **nothing, **given["item"], "id": f"item_{now}", "active": True, "type": "plan"}
        item |= {"unit_amount": item["amount"], "tax_inclusive": False, "created_at": now, "updated_at": now}
        return self.world.add("plan", **{"notes": [], **given, "item": item})

    def _create_customer(self, call: Call) -> Thing:
        given = take(_body(call), {**_PERSON, "gstin": text(15), "fail_existing": flag, "notes": notes})
        fails = given.pop("fail_existing", True)
        fields = {"name": None, "email": None, "contact": None, "gstin": None, "notes": [], **given}
        known = self.world.all(
            "customer", lambda each: all(each[part] == fields[part] for part in ("email", "contact"))
        )
        if known and fails and (fields["email"] or fields["contact"]):
            raise Refused("The customer exists already.")
        return known[0] if known and not fails else self.world.add("customer", **fields)

    def _edit_customer(self, call: Call) -> Thing:
        customer = self._one(call, "customer")
        customer |= take(_body(call), _PERSON)
        return customer

    def _tokens(self, call: Call) -> Thing:
        customer = self._one(call, "customer")
        return _collection(self.world.all("token", lambda each: each["customer_id"] == customer["id"]))

    def _token(self, call: Call) -> Thing:
        token = self._one(call, "token", "token")
        if token["customer_id"] != self._one(call, "customer")["id"]:
            raise Refused("The id provided does not exist.")
        return token

    def _delete_token(self, call: Call) -> Thing:
        del self.world.things[self._token(call)["id"]]
        return {"deleted": True}

    def _cancel_token(self, call: Call) -> Thing:
        """The mandate ends at the bank; the next debit by it fails."""
        token = self._token(call)
        token["recurring_details"] = {"status": "cancelled", "failure_reason": None}
        self.world.tell("token.cancelled", token=token)
        return {"status": "cancelled"}

    def _subscribe(self, call: Call) -> Thing:
        given = take(
            _body(call),
            {
                "plan_id": Needed(text()),
                "total_count": Needed(whole(least=1, most=40_000)),
                "quantity": whole(least=1, most=500_000),
                "customer_id": text(),
                "start_at": MOMENT,
                "expire_by": MOMENT,
                "customer_notify": flag,
                "addons": many(group(_ADDON)),
                "notes": notes,
            },
        )
        return subscriptions.create(self.world, given)

    def _update(self, call: Call) -> Thing:
        sub = self._one(call, "subscription")
        given = take(
            _body(call),
            {
                "plan_id": text(),
                "quantity": whole(least=1, most=500_000),
                "remaining_count": whole(least=1, most=40_000),
                "schedule_change_at": choice("now", "cycle_end"),
                "customer_notify": flag,
            },
        )
        subscriptions.update(self.world, sub, given)
        return sub

    def _cancel(self, call: Call) -> Thing:
        sub = self._one(call, "subscription")
        given = take(_body(call), {"cancel_at_cycle_end": flag})
        subscriptions.cancel(self.world, sub, at_cycle_end=given.get("cancel_at_cycle_end", False))
        return sub

    def _turn(self, call: Call, word: str, act: Callable[[World, Thing], None]) -> Thing:
        sub = self._one(call, "subscription")
        take(_body(call), {word: choice("now")})
        act(self.world, sub)
        return sub

    def _addon(self, call: Call) -> Thing:
        sub = self._one(call, "subscription")
        if sub["status"] in subscriptions.OVER:
            raise Refused(f"The subscription is {sub['status']}.")
        return subscriptions.add(self.world, sub, take(_body(call), _ADDON))

    def _delete_addon(self, call: Call) -> list[Any]:
        addon = self._one(call, "addon")
        if addon["invoice_id"]:
            raise Refused("The add-on is on an invoice already.")
        del self.world.things[addon["id"]]
        return []

    def _scheduled(self, call: Call) -> Thing:
        """The subscription as it will be."""
        sub = self._one(call, "subscription")
        waiting = self.world.hidden[sub["id"]].get("scheduled")
        if not waiting:
            raise Refused("The subscription has no scheduled changes.")
        return {**sub, **waiting}

    def _unscheduled(self, call: Call) -> Thing:
        sub = self._one(call, "subscription")
        if not self.world.hidden[sub["id"]].pop("scheduled", None):
            raise Refused("The subscription has no scheduled changes.")
        sub |= {"has_scheduled_changes": False, "change_scheduled_at": None}
        return sub

    def _refund(self, call: Call) -> Thing:
        payment = self._one(call, "payment")
        spec = {"amount": AMOUNT, "speed": choice("normal", "optimum"), "notes": notes, "receipt": text(40)}
        return money.refund(self.world, payment, take(_body(call), spec))

    def _refunds(self, call: Call) -> Thing:
        payment = self._one(call, "payment")
        return _collection(self.world.all("refund", lambda each: each["payment_id"] == payment["id"]))

    def _link(self, call: Call) -> Thing:
        given = take(
            _body(call),
            {
                "amount": Needed(AMOUNT),
                "currency": choice(*CURRENCIES),
                "description": text(2048),
                "reference_id": text(40),
                "customer": group(_PERSON),
                "notify": group({"sms": flag, "email": flag}),
                "reminder_enable": flag,
                "notes": notes,
                "callback_url": text(2048),
                "callback_method": choice("get"),
                "expire_by": MOMENT,
            },
        )
        return links.create(self.world, given)

    def _links(self, call: Call) -> Thing:
        given = take(dict(parse_qsl(call.query)), {"reference_id": text(), "payment_id": text()})
        wanted = given.get("reference_id")
        return {"payment_links": self.world.all("payment_link", lambda each: wanted in {None, each["reference_id"]})}

    def _cancel_link(self, call: Call) -> Thing:
        link = self._one(call, "payment_link")
        links.cancel(self.world, link)
        return link


def _collection(found: list[Thing]) -> Thing:
    return {"entity": "collection", "count": len(found), "items": found}


def _body(call: Call) -> Any:
    if not call.asked.body:
        return {}
    try:
        return json.loads(call.asked.body)
    except (ValueError, RecursionError) as error:
        raise Refused("The body is no JSON.") from error
