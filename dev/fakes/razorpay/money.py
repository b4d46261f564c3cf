"""Payments, refunds and invoices; and by which method a customer pays, with what each method cannot do."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from dev.fakes.razorpay.checks import Refused
from dev.fakes.razorpay.world import DAY, Thing, World

FREE_OF_AFA: Final = 1_500_000
"""Paise: above Rs 15,000 the holder has to approve each debit (RBI's e-mandate framework)."""
AUTHORISATION: Final = 500
"""Paise that are taken and given back when a mandate is made for later."""


class Method(StrEnum):
    CARD = "card"
    """Of an Indian bank."""
    FOREIGN_CARD = "international card"
    UPI = "upi"
    EMANDATE = "emandate"


def pay(
    world: World,
    amount: int,
    currency: str,
    method: Method,
    customer: Thing | None,
    *,
    why_not: str | None = None,
    **more: Any,
) -> Thing:
    """One attempt, and the events of it."""
    plain: dict[str, Any] = {
        "order_id": None, "invoice_id": None, "card_id": None, "bank": None, "wallet": None, "token_id": None, "refund_status": None,
        "description": None, "acquirer_data": {}, "notes": [],
    }  # fmt: skip
    payment = world.add(
        "payment",
        **{
            **plain,
            "amount": amount,
            "currency": currency,
            "status": "failed" if why_not else "captured",
            "international": method is Method.FOREIGN_CARD,
            "method": "card" if method is Method.FOREIGN_CARD else method.value,
            "amount_refunded": 0,
            "captured": not why_not,
            "vpa": "ada@fakebank" if method is Method.UPI else None,
            "email": (customer or {}).get("email"),
            "contact": (customer or {}).get("contact"),
            "customer_id": (customer or {}).get("id"),
            "fee": 0 if why_not else amount * 2 // 100,
            "tax": 0,
            "error_code": "BAD_REQUEST_ERROR" if why_not else None,
            "error_description": f"The payment failed: {why_not}." if why_not else None,
            "error_source": "bank" if why_not else None,
            "error_step": "payment_authorization" if why_not else None,
            "error_reason": why_not,
            **more,
        },
    )
    if why_not:
        world.tell("payment.failed", payment=payment)
    else:
        world.tell("payment.authorized", payment={**payment, "status": "authorized", "captured": False})
        world.tell("payment.captured", payment=payment)
    return payment


def refund(world: World, payment: Thing, given: Mapping[str, Any]) -> Thing:
    left = payment["amount"] - payment["amount_refunded"]
    amount = given.get("amount", left)
    if payment["status"] not in {"captured", "refunded"}:
        raise Refused("Only a payment that was captured can be refunded.", reason="payment_not_captured")
    if not left:
        raise Refused("The payment was fully refunded already.", reason="payment_already_refunded")
    if amount > left:
        raise Refused("The refund is larger than what is left of the payment.", field="amount")
    payment["amount_refunded"] += amount
    payment["refund_status"] = "full" if payment["amount_refunded"] == payment["amount"] else "partial"
    if payment["refund_status"] == "full":
        payment["status"] = "refunded"
    speed = given.get("speed", "normal")
    made = world.add(
        "refund",
        amount=amount,
        currency=payment["currency"],
        payment_id=payment["id"],
        notes=given.get("notes", []),
        receipt=given.get("receipt"),
        acquirer_data={"arn": None},
        batch_id=None,
        status="processed",
        speed_processed=speed,
        speed_requested=speed,
    )
    world.tell("refund.created", refund=made, payment=payment)
    world.tell("refund.processed", refund=made, payment=payment)
    return made


def refund_fails(world: World, made: Thing) -> Thing:
    payment = world.things[made["payment_id"]]
    made["status"] = "failed"
    payment["amount_refunded"] -= made["amount"]
    payment |= {"status": "captured", "refund_status": "partial" if payment["amount_refunded"] else None}
    world.tell("refund.failed", refund=made, payment=payment)
    return made


def dispute(world: World, payment: Thing) -> Thing:
    made = world.add(
        "dispute",
        payment_id=payment["id"],
        amount=payment["amount"],
        currency=payment["currency"],
        amount_deducted=0,
        reason_code="chargeback_authorization",
        respond_by=world.now() + 7 * DAY,
        status="open",
        phase="chargeback",
    )
    world.tell("payment.dispute.created", payment=payment, dispute=made)
    return made


def end_dispute(world: World, made: Thing, ends: str) -> Thing:
    if ends not in {"won", "lost", "closed"}:
        raise ValueError("A dispute ends won, lost or closed.")
    made |= {"status": ends, "amount_deducted": made["amount"] if ends == "lost" else 0}
    world.tell(f"payment.dispute.{ends}", payment=world.things[made["payment_id"]], dispute=made)
    return made


def invoice(world: World, sub: Thing, start: int, end: int) -> Thing:
    """Of one billing cycle, with the add-ons that waited for it."""
    plan = world.things[sub["plan_id"]]
    item = plan["item"]
    lines = [{"name": item["name"], "amount": item["amount"] * sub["quantity"], "quantity": sub["quantity"]}]
    for addon in world.all("addon", lambda each: each["subscription_id"] == sub["id"] and each["invoice_id"] is None):
        lines.append(
            {
                "name": addon["item"]["name"],
                "amount": addon["item"]["amount"] * addon["quantity"],
                "quantity": addon["quantity"],
            }
        )
        addon["invoice_id"] = "taken"
    amount = sum(line["amount"] for line in lines)
    customer = world.things.get(sub["customer_id"] or "")
    nothing = dict.fromkeys(
        (
            "receipt", "order_id", "payment_id", "expire_by", "paid_at", "cancelled_at", "expired_at", "sms_status", "email_status",
            "terms", "description", "comment", "idempotency_key", "subscription_status",
        )
    )  # fmt: skip
    world.numbers += 1
    made = world.add(
        "invoice",
        **{
            **nothing,
            "type": "invoice",
            "invoice_number": f"F-{world.numbers:06}",
            "customer_id": sub["customer_id"],
            "customer_details": {
                each: (customer or {}).get(each) for each in ("id", "name", "email", "contact", "gstin")
            },
            "subscription_id": sub["id"],
            "line_items": [{**line, "currency": item["currency"], "type": "plan"} for line in lines],
            "status": "issued",
            "issued_at": world.now(),
            "date": world.now(),
            "partial_payment": False,
            "gross_amount": amount,
            "tax_amount": 0,
            "taxable_amount": 0,
            "amount": amount,
            "amount_paid": 0,
            "amount_due": amount,
            "currency": item["currency"],
            "currency_symbol": "₹" if item["currency"] == "INR" else item["currency"],
            "notes": [],
            "billing_start": start,
            "billing_end": end,
            "group_taxes_discounts": False,
            "view_less": True,
        },
    )
    made["short_url"] = f"{world.url}/i/{made['id']}"
    return made


def settle(world: World, bill: Thing, payment: Thing) -> None:
    payment["invoice_id"] = bill["id"]
    bill |= {
        "status": "paid",
        "payment_id": payment["id"],
        "paid_at": world.now(),
        "amount_paid": bill["amount"],
        "amount_due": 0,
    }
    world.tell("invoice.paid", invoice=bill, payment=payment)
