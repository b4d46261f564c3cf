"""Subscriptions: their states, their cycles, and what a payment method does not let one change."""

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dev.fakes.razorpay.checks import Refused
from dev.fakes.razorpay.money import AUTHORISATION, FREE_OF_AFA, Method, invoice, pay, refund, settle
from dev.fakes.razorpay.world import DAY, Thing, World

OVER: Final = frozenset({"cancelled", "completed", "expired"})
RETRIES: Final = 3
"""One a day; then it is halted."""
LONGEST_YEARS: Final = 100
_MONTHS: Final = {"monthly": 1, "quarterly": 3, "yearly": 12}


def later(moment: int, plan: Thing, times: int = 1) -> int:
    """So many cycles on; the last day of a month that is shorter."""
    start = datetime.fromtimestamp(moment, UTC)
    count = plan["interval"] * times
    if plan["period"] in {"daily", "weekly"}:
        return int((start + timedelta(days=count * (7 if plan["period"] == "weekly" else 1))).timestamp())
    month = start.month - 1 + count * _MONTHS[plan["period"]]
    year, month = start.year + month // 12, month % 12 + 1
    return int(
        start.replace(year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1])).timestamp()
    )


def create(world: World, given: Mapping[str, Any]) -> Thing:
    plan = world.find("plan", given["plan_id"])
    now = world.now()
    start = given.get("start_at")
    if start is not None and start <= now:
        raise Refused("start_at lies in the past.", field="start_at")
    per_year = {"daily": 365, "weekly": 52}.get(plan["period"], 12 // _MONTHS.get(plan["period"], 12))
    if given["total_count"] * plan["interval"] > LONGEST_YEARS * per_year:
        raise Refused("A subscription lasts 100 years at most.", field="total_count")
    if "customer_id" in given:
        world.find("customer", given["customer_id"])
    if given.get("expire_by", now + 1) <= now:
        raise Refused("expire_by lies in the past.", field="expire_by")
    sub = world.add(
        "subscription",
        plan_id=plan["id"],
        customer_id=given.get("customer_id"),
        status="created",
        current_start=None,
        current_end=None,
        ended_at=None,
        quantity=given.get("quantity", 1),
        notes=given.get("notes", []),
        charge_at=start,
        start_at=start,
        end_at=later(start, plan, given["total_count"]) if start else None,
        auth_attempts=0,
        total_count=given["total_count"],
        paid_count=0,
        remaining_count=given["total_count"],
        customer_notify=given.get("customer_notify", True),
        expire_by=given.get("expire_by"),
        offer_id=None,
        payment_method=None,
        has_scheduled_changes=False,
        change_scheduled_at=None,
        source="api",
    )
    sub["short_url"] = f"{world.url}/s/{sub['id']}"
    for each in given.get("addons", []):
        add(world, sub, each)
    # Without a mandate by then, nothing comes of it.
    if limit := given.get("expire_by") or start:
        world.plan(limit, "expire", sub)
    return sub


def add(world: World, sub: Thing, given: Mapping[str, Any]) -> Thing:
    item = {**given["item"], "id": "item_of_addon", "active": True, "type": "addon"}
    return world.add("addon", item=item, quantity=given.get("quantity", 1), subscription_id=sub["id"], invoice_id=None)


def authorise(world: World, sub: Thing, method: Method, customer: Thing, *, why_not: str | None = None) -> Thing:
    """The holder at the hosted page makes the mandate, or their bank refuses it."""
    plan = world.things[sub["plan_id"]]
    sub["auth_attempts"] += 1
    at_once = sub["start_at"] is None
    amount = plan["item"]["amount"] * sub["quantity"] if at_once else AUTHORISATION
    addons = world.all("addon", lambda each: each["subscription_id"] == sub["id"] and each["invoice_id"] is None)
    if at_once:
        amount += sum(each["item"]["amount"] * each["quantity"] for each in addons)
    currency = plan["item"]["currency"]
    if why_not:
        return pay(world, amount, currency, method, customer, why_not=why_not)
    _mandate(world, sub, method, customer)
    payment = pay(world, amount, currency, method, customer, token_id=world.hidden[sub["id"]]["token"])
    sub["status"] = "authenticated"
    world.tell("subscription.authenticated", subscription=sub, payment=payment)
    if at_once:
        _begin_cycle(world, sub, world.now())
        bill = invoice(world, sub, sub["current_start"], sub["current_end"])
        settle(world, bill, payment)
        _charged(world, sub, payment, "subscription.activated")
    else:
        refund(world, payment, {})
        world.plan(sub["start_at"], "cycle", sub)
    return payment


def _mandate(world: World, sub: Thing, method: Method, customer: Thing) -> None:
    token = world.add(
        "token",
        customer_id=customer["id"],
        token=f"tok{customer['id'][5:12]}",
        bank=None,
        wallet=None,
        method="card" if method is Method.FOREIGN_CARD else method.value,
        recurring=True,
        recurring_details={"status": "confirmed", "failure_reason": None},
        auth_type=None,
        mrn=None,
        used_at=world.now(),
        max_amount=FREE_OF_AFA if method in {Method.UPI, Method.CARD} else None,
        expired_at=None,
    )
    sub |= {"customer_id": customer["id"], "payment_method": token["method"]}
    world.hidden[sub["id"]] |= {"method": method.value, "token": token["id"], "tries": 0}
    world.tell("token.confirmed", token=token)


def _begin_cycle(world: World, sub: Thing, start: int) -> None:
    plan = world.things[sub["plan_id"]]
    if sub["start_at"] is None:
        sub |= {"start_at": start, "end_at": later(start, plan, sub["total_count"])}
    done = sub["total_count"] - sub["remaining_count"]
    end = later(sub["start_at"], plan, done + 1) if not world.hidden[sub["id"]].get("moved") else later(start, plan)
    last = sub["remaining_count"] <= 1
    sub |= {
        "current_start": start,
        "current_end": end,
        "charge_at": None if last else end,
        "remaining_count": sub["remaining_count"] - 1,
    }
    world.plan(end, "cycle", sub)


def _charged(world: World, sub: Thing, payment: Thing, becomes: str | None = None) -> None:
    sub["paid_count"] += 1
    world.hidden[sub["id"]]["tries"] = 0
    if sub["status"] != "active":
        sub["status"] = "active"
        if becomes:
            world.tell(becomes, subscription=sub, payment=payment)
    world.tell("subscription.charged", subscription=sub, payment=payment)


def cycle(world: World, sub: Thing) -> None:
    """A cycle ends, and the next begins; or the first, where a start was agreed."""
    now = world.now()
    if sub["status"] in OVER or sub["status"] in {"created", "paused"}:
        return
    if now != (sub["current_end"] or sub["start_at"]):
        return
    if world.hidden[sub["id"]].pop("cancel", False):
        end(world, sub, "cancelled")
        return
    if sub["remaining_count"] <= 0:
        end(world, sub, "completed")
        return
    apply_scheduled(world, sub)
    _begin_cycle(world, sub, now)
    bill = invoice(world, sub, sub["current_start"], sub["current_end"])
    if sub["status"] == "halted":
        return  # invoices are still made, and not charged
    world.hidden[sub["id"]] |= {"bill": bill["id"], "tries": 0}
    charge(world, sub)


def charge(world: World, sub: Thing, *, there: bool = False) -> bool:
    """Debit the newest invoice by the mandate. `there`: the holder approves it."""
    hidden = world.hidden[sub["id"]]
    bill = world.things[hidden["bill"]]
    if bill["status"] != "issued" or sub["status"] in OVER:
        return False
    method = Method(hidden["method"])
    customer = world.things[sub["customer_id"]]
    why_not = None if there else _fails(world, sub, bill, method)
    payment = pay(
        world, bill["amount"], bill["currency"], method, customer,
        why_not=why_not, token_id=hidden["token"], invoice_id=bill["id"],
    )  # fmt: skip
    if not why_not:
        settle(world, bill, payment)
        _charged(world, sub, payment, "subscription.activated")
        return True
    _not_charged(world, sub, payment)
    return False


def _fails(world: World, sub: Thing, bill: Thing, method: Method) -> str | None:
    hidden = world.hidden[sub["id"]]
    token = world.things.get(hidden["token"])
    if token is None or token["recurring_details"]["status"] != "confirmed":
        return "mandate_cancelled"
    if hidden.pop("skip", False):
        return "debit_skipped_by_customer"
    if hidden.get("declines"):
        return str(hidden["declines"])
    if (
        bill["currency"] == "INR"
        and bill["amount"] > FREE_OF_AFA
        and method in {Method.UPI, Method.CARD, Method.EMANDATE}
    ):
        return "additional_factor_of_authentication_needed"
    return None


def _not_charged(world: World, sub: Thing, payment: Thing) -> None:
    hidden = world.hidden[sub["id"]]
    hidden["tries"] += 1
    if hidden["tries"] > RETRIES:
        sub["status"] = "halted"
        world.tell("subscription.halted", subscription=sub, payment=payment)
        return
    if sub["status"] != "pending":
        sub["status"] = "pending"
        world.tell("subscription.pending", subscription=sub, payment=payment)
    world.plan(world.now() + DAY, "retry", sub)


def retry(world: World, sub: Thing) -> None:
    if sub["status"] == "pending":
        charge(world, sub)


def change_method(world: World, sub: Thing, method: Method, *, why_not: str | None) -> None:
    """At the hosted page. While pending, the last invoice is charged with it; once halted, only those to come are."""
    customer = world.things[sub["customer_id"]]
    if why_not:
        pay(world, AUTHORISATION, "INR", method, customer, why_not=why_not)
        return
    before = sub["status"]
    world.hidden[sub["id"]].pop("declines", None)
    _mandate(world, sub, method, customer)
    if before == "pending":
        charge(world, sub, there=True)
    elif before == "halted":
        sub["status"] = "active"
        world.tell("subscription.activated", subscription=sub)


def end(world: World, sub: Thing, status: str) -> None:
    sub |= {"status": status, "ended_at": world.now(), "charge_at": None, "has_scheduled_changes": False}
    if status != "expired":
        world.tell(f"subscription.{status}", subscription=sub)


def expire(world: World, sub: Thing) -> None:
    if sub["status"] == "created":
        end(world, sub, "expired")


def cancel(world: World, sub: Thing, *, at_cycle_end: bool) -> None:
    if sub["status"] in OVER:
        raise Refused(f"A subscription that is {sub['status']} cannot be cancelled.")
    if not at_cycle_end:
        end(world, sub, "cancelled")
        return
    if sub["current_end"] is None:
        raise Refused("No billing cycle is going on whose end could be waited for.", field="cancel_at_cycle_end")
    world.hidden[sub["id"]]["cancel"] = True


def update(world: World, sub: Thing, given: dict[str, Any]) -> None:
    if sub["status"] not in {"authenticated", "active"}:
        raise Refused(f"A subscription that is {sub['status']} cannot be updated.")
    method = world.hidden[sub["id"]]["method"]
    if method in {Method.UPI, Method.EMANDATE}:
        raise Refused(f"Subscriptions cannot be updated when the payment mode is {method}.")
    if method == Method.CARD and given.keys() - {"offer_id", "schedule_change_at", "customer_notify"}:
        raise Refused("With a card of an Indian bank, only the offer can be updated.")
    if not given.keys() - {"schedule_change_at", "customer_notify"}:
        raise Refused("There is nothing to update.")
    if "plan_id" in given:
        plan, old = world.find("plan", given["plan_id"]), world.things[sub["plan_id"]]
        if plan["item"]["currency"] != old["item"]["currency"]:
            raise Refused("The new plan is of another currency.", field="plan_id")
    when = given.pop("schedule_change_at", "now")
    if when == "cycle_end":
        world.hidden[sub["id"]]["scheduled"] = given
        sub |= {"has_scheduled_changes": True, "change_scheduled_at": sub["current_end"] or sub["start_at"]}
        return
    _at_once(world, sub, given)


def _at_once(world: World, sub: Thing, given: Mapping[str, Any]) -> None:
    """More is charged for the rest of the cycle at once; less is given back."""
    before = world.things[sub["plan_id"]]["item"]["amount"] * sub["quantity"]
    _put(world, sub, given)
    after = world.things[sub["plan_id"]]["item"]["amount"] * sub["quantity"]
    if sub["current_end"]:
        left = sub["current_end"] - world.now()
        part = (after - before) * left // (sub["current_end"] - sub["current_start"])
        customer = world.things[sub["customer_id"]]
        if part > 0:
            pay(world, part, world.things[sub["plan_id"]]["item"]["currency"], Method.FOREIGN_CARD, customer)
        elif part < 0:
            paid = world.all(
                "payment", lambda each: each["customer_id"] == customer["id"] and each["status"] == "captured"
            )
            if paid:
                refund(world, paid[0], {"amount": min(-part, paid[0]["amount"] - paid[0]["amount_refunded"])})
    world.tell("subscription.updated", subscription=sub)


def _put(world: World, sub: Thing, given: Mapping[str, Any]) -> None:
    for each in ("quantity", "customer_notify", "remaining_count"):
        if each in given:
            sub[each] = given[each]
    if "remaining_count" in given:
        sub["total_count"] = sub["paid_count"] + given["remaining_count"]
    if given.get("plan_id", sub["plan_id"]) != sub["plan_id"]:
        sub["plan_id"] = given["plan_id"]
        world.hidden[sub["id"]]["moved"] = True


def apply_scheduled(world: World, sub: Thing) -> None:
    given = world.hidden[sub["id"]].pop("scheduled", None)
    if given:
        _put(world, sub, given)
        sub |= {"has_scheduled_changes": False, "change_scheduled_at": None}
        world.tell("subscription.updated", subscription=sub)


def pause(world: World, sub: Thing) -> None:
    if sub["status"] != "active":
        raise Refused(f"A subscription that is {sub['status']} cannot be paused.")
    sub |= {"status": "paused", "charge_at": None}
    world.tell("subscription.paused", subscription=sub)


def resume(world: World, sub: Thing) -> None:
    if sub["status"] != "paused":
        raise Refused(f"A subscription that is {sub['status']} cannot be resumed.")
    sub["status"] = "active"
    world.tell("subscription.resumed", subscription=sub)
    if sub["current_end"] <= world.now():
        sub["current_end"] = world.now()
        world.hidden[sub["id"]]["moved"] = True
        cycle(world, sub)
    else:
        sub["charge_at"] = sub["current_end"]


ACTIONS: Final = {"cycle": cycle, "retry": retry, "expire": expire}
