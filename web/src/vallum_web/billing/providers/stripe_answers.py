"""How Stripe's answers are read: objects of theirs to values of ours. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from vallum_web.billing.models import Status
from vallum_web.billing.providers.answers import moment
from vallum_web.billing.seen import Bill, Dispute, Seen
from vallum_web.billing.wire import NoAnswerError

_STATUS = {
    "incomplete": Status.INCOMPLETE,
    "incomplete_expired": Status.CANCELED,
    "trialing": Status.TRIALING,
    "active": Status.ACTIVE,
    "past_due": Status.PAST_DUE,
    "unpaid": Status.UNPAID,
    "paused": Status.PAUSED,
    "canceled": Status.CANCELED,
}
_DISPUTES_END = frozenset({"won", "lost", "warning_closed", "prevented"})


def price(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of what a subscription is of; empty where that is not ours."""
    items = (row.get("items") or {}).get("data") or [{}]
    found: Mapping[str, Any] = items[0].get("price") or {}
    return found if str(found.get("lookup_key") or "").startswith("vallum_") else {}


def seen(row: Mapping[str, Any], bills: Sequence[Bill]) -> Seen:
    item, sold = row["items"]["data"][0], price(row)
    if str(row["status"]) not in _STATUS:
        raise NoAnswerError(f"A subscription is {row['status']}, which means nothing here.")
    end = moment(item.get("current_period_end") or row.get("current_period_end"))
    leaves = row.get("ended_at") or row.get("cancel_at")
    owed = [each.issued_at for each in bills if each.open and each.subscription_id == row["id"]]
    return Seen(
        subscription_id=str(row["id"]),
        price_id=str(sold["id"]),
        plan=str(sold["lookup_key"]).split("_")[1],
        status=_STATUS[str(row["status"])],
        seats=int(item["quantity"]),
        period_end=end,
        cancel_at=moment(leaves) or (end if row.get("cancel_at_period_end") else None),
        trial_end=moment(row.get("trial_end")),
        owed_since=min(owed, default=None),
    )


def bill(row: Mapping[str, Any]) -> Bill:
    below = ((row.get("parent") or {}).get("subscription_details") or {}).get("subscription")
    return Bill(
        invoice_id=str(row["id"]),
        number=str(row.get("number") or ""),
        status=str(row.get("status") or "draft"),
        issued_at=moment(row.get("created")) or datetime.fromtimestamp(0, UTC),
        subscription_id=id_of(row.get("subscription") or below),
        amount=int(row.get("total") or 0),
        currency=str(row.get("currency") or "").upper(),
        url=str(row.get("hosted_invoice_url") or ""),
    )


def id_of(value: object) -> str:
    """An object is named by its id, or stands there whole."""
    return str(value.get("id") or "") if isinstance(value, dict) else str(value or "")


def dispute(row: Mapping[str, Any]) -> Dispute:
    status = str(row.get("status") or "")
    over = status in _DISPUTES_END
    return Dispute(
        dispute_id=str(row["id"]),
        status=status,
        over=over,
        event="charge.dispute.closed" if over else "charge.dispute.updated",
        reason=str(row.get("reason") or ""),
        amount=int(row.get("amount") or 0),
        currency=str(row.get("currency") or "").upper(),
        answer_by=moment((row.get("evidence_details") or {}).get("due_by")),
        url=f"https://dashboard.stripe.com/disputes/{row['id']}",
    )
