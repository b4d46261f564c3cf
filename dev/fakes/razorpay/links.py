"""Payment links: one payment at a hosted page, and the way back with a signature."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from dev.fakes.razorpay.checks import Refused
from dev.fakes.razorpay.money import Method, pay
from dev.fakes.razorpay.world import Thing, World

LATEST = 180 * 86_400
"""Seconds for which a link can be open."""


def create(world: World, given: Mapping[str, Any]) -> Thing:
    reference = given.get("reference_id", "")
    if reference and world.all("payment_link", lambda each: each["reference_id"] == reference):
        raise Refused("A payment link with this reference_id exists.", field="reference_id")
    now = world.now()
    until = given.get("expire_by", 0)
    if until and until < now + 900:
        raise Refused("expire_by is 15 minutes ahead at least.", field="expire_by")
    if ("callback_url" in given) != ("callback_method" in given):
        raise Refused("callback_url and callback_method belong together.", field="callback_method")
    link = world.add(
        "payment_link",
        accept_partial=False,
        amount=given["amount"],
        amount_paid=0,
        callback_method=given.get("callback_method", ""),
        callback_url=given.get("callback_url", ""),
        cancelled_at=0,
        currency=given.get("currency", "INR"),
        customer=given.get("customer", {}),
        description=given.get("description", ""),
        expire_by=until,
        expired_at=0,
        first_min_partial_amount=0,
        notes=given.get("notes", {}),
        notify=given.get("notify", {"email": False, "sms": False}),
        payments=[],
        reference_id=reference,
        reminder_enable=given.get("reminder_enable", False),
        reminders=[],
        status="created",
        updated_at=now,
        user_id="",
    )
    link["short_url"] = f"{world.url}/l/{link['id']}"
    world.plan(until or now + LATEST, "expire_link", link)
    return link


def paid(world: World, link: Thing, method: Method, secret: str, *, why_not: str | None) -> str | None:
    """Where the browser goes after a payment; None stays."""
    customer = {**link["customer"], "id": None}
    payment = pay(
        world, link["amount"], link["currency"], method, customer, why_not=why_not, description=link["description"]
    )
    if why_not:
        return None
    link |= {"status": "paid", "amount_paid": link["amount"], "updated_at": world.now()}
    link["payments"] = [
        {
            "amount": link["amount"],
            "created_at": world.now(),
            "method": payment["method"],
            "payment_id": payment["id"],
            "status": "captured",
        }
    ]
    world.tell("payment_link.paid", payment_link=link, payment=payment)
    if not link["callback_url"]:
        return None
    text = f"{link['id']}|{link['reference_id']}|paid|{payment['id']}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    back = {
        "razorpay_payment_id": payment["id"],
        "razorpay_payment_link_id": link["id"],
        "razorpay_payment_link_reference_id": link["reference_id"],
        "razorpay_payment_link_status": "paid",
        "razorpay_signature": signature,
    }
    return f"{link['callback_url']}?{urlencode(back)}"


def cancel(world: World, link: Thing) -> None:
    if link["status"] != "created":
        raise Refused(f"A link that is {link['status']} cannot be cancelled.")
    link |= {"status": "cancelled", "cancelled_at": world.now()}
    world.tell("payment_link.cancelled", payment_link=link)


def expire(world: World, link: Thing) -> None:
    if link["status"] == "created":
        link |= {"status": "expired", "expired_at": world.now()}
        world.tell("payment_link.expired", payment_link=link)
