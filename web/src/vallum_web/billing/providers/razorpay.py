"""Razorpay: what is asked of it, and how its answers are read (razorpay.com/docs/api).

It knows no keys of repetition, so what was sent and not answered is looked for by `notes.cmd` before it is sent again. Its
amounts are in paise. A subscription paid by UPI or by a domestic card cannot be changed: it is replaced by another one.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from vallum_web.billing.keys import Keys
from vallum_web.billing.models import Status
from vallum_web.billing.providers.answers import moment, uuid
from vallum_web.billing.seen import NOTHING, Bill, Dispute, Look, Seen, Whose
from vallum_web.billing.wire import Caller, NoAnswerError, RefusedError

FOLLOWED = ("subscription.", "invoice.", "payment.failed", "payment.dispute.", "refund.")
_STATUS = {
    "created": Status.INCOMPLETE,
    "authenticated": Status.TRIALING,
    "active": Status.ACTIVE,
    "pending": Status.PAST_DUE,
    "halted": Status.PAST_DUE,
    "paused": Status.PAUSED,
    "cancelled": Status.CANCELED,
    "completed": Status.CANCELED,
    "expired": Status.CANCELED,
}
PERIODS = {"month": "monthly", "year": "yearly"}
# It needs to know how often it may debit, and 100 years at most.
_COUNTS = {"month": 1200, "year": 100}
NOT_FOUND = frozenset({400, 404})
PAGE: Final = 100


class Razorpay:
    """See `providers.Way`."""

    def __init__(self, keys: Keys, org: UUID | None) -> None:
        self._call = Caller(keys, org)

    def whose(self, object_id: str) -> Whose | None:
        """None: it knows no such thing."""
        try:
            subscription = self._subscription_of(object_id)
            if not subscription:
                return NOTHING
            row = self._call.get(f"/v1/subscriptions/{subscription}")
        except RefusedError as error:
            if error.status not in NOT_FOUND:
                raise
            return None
        return Whose(
            org=uuid(_notes(row).get("org")),
            customer_id=str(row.get("customer_id") or ""),
            subscription_id=str(row["id"]),
        )

    def _subscription_of(self, object_id: str) -> str:
        kind = object_id.partition("_")[0]
        if kind == "sub":
            return object_id
        if kind == "inv":
            return str(self._call.get(f"/v1/invoices/{object_id}").get("subscription_id") or "")
        if kind in {"rfnd", "disp"}:
            path = "refunds" if kind == "rfnd" else "disputes"
            object_id = str(self._call.get(f"/v1/{path}/{object_id}").get("payment_id") or "")
        if object_id.startswith("pay_"):
            invoice = str(self._call.get(f"/v1/payments/{object_id}").get("invoice_id") or "")
            return self._subscription_of(invoice) if invoice else ""
        return ""

    def look(self, customer_id: str, subscriptions: Sequence[str]) -> Look:
        seen, bills, customer = [], [], customer_id
        currency = ""
        for key in subscriptions:
            row = self._call.get(f"/v1/subscriptions/{key}")
            own = [_bill(each) for each in self._pages("/v1/invoices", {"subscription_id": key})]
            plan = self._call.get(f"/v1/plans/{row['plan_id']}")
            seen.append(_seen(row, plan, own))
            bills += own
            customer = str(row.get("customer_id") or customer)
            currency = str((plan.get("item") or {}).get("currency") or currency)
        return Look(
            customer_id=customer,
            region="IN",
            currency=currency,
            subscriptions=tuple(seen),
            bills=tuple(sorted(bills, key=lambda bill: bill.issued_at, reverse=True)),
        )

    def changed(self, since: datetime) -> Sequence[tuple[str, str, str]]:
        """It lists no events: subscriptions and disputes made since then stand for them."""
        kinds = {"/v1/subscriptions": "subscription.listed", "/v1/disputes": "payment.dispute.created"}
        return [
            (f"listed/{row['id']}", kind, str(row["id"]))
            for path, kind in kinds.items()
            for row in self._pages(path, {"from": int(since.timestamp())})
        ]

    def do(self, kind: str, args: Mapping[str, Any], key: str) -> str:
        """The id of what was made or changed."""
        made: Mapping[str, Any] = getattr(self, f"_do_{kind}")(args, key)
        return str(made["id"])

    def find(self, kind: str, args: Mapping[str, Any], key: str) -> str | None:
        """What an earlier attempt under this key made; changes of what is there may simply be made again."""
        if kind == "refund":
            rows = self._pages(f"/v1/payments/{args['payment']}/refunds", {})
            return next((str(row["id"]) for row in rows if _notes(row).get("cmd") == key), None)
        if kind != "checkout":
            return None
        rows = self._pages("/v1/subscriptions", {"plan_id": self._plan_id(args)})
        return next((str(row["id"]) for row in rows if _notes(row).get("cmd") == key), None)

    def dispute(self, dispute_id: str) -> Dispute:
        row = self._call.get(f"/v1/disputes/{dispute_id}")
        status = str(row.get("status") or "")
        return Dispute(
            dispute_id=str(row["id"]),
            status=status,
            over=status in {"won", "lost", "closed"},
            event=f"payment.dispute.{'created' if status == 'open' else status}",
            reason=str(row.get("reason_code") or ""),
            amount=int(row.get("amount") or 0),
            currency=str(row.get("currency") or ""),
            answer_by=moment(row.get("respond_by")),
            url="https://dashboard.razorpay.com/app/disputes",
        )

    def leave(self, customer_id: str, subscriptions: Sequence[str]) -> list[str]:
        """End what lives, end the mandates and write over who it was, in words for a receipt. Twice is the same as once.

        Razorpay deletes no customer, and made one of each person who gave a mandate.
        """
        ended = [self._do_end({"subscription": key}, "") for key in subscriptions]
        customers = sorted({str(row.get("customer_id") or "") for row in ended} | {customer_id} - {""})
        mandates = sum(self._forget(key) for key in customers if key)
        return [
            f"{len(subscriptions)} subscriptions are over",
            f"{mandates} mandates are cancelled and deleted",
            "name, e-mail and number are written over; Razorpay deletes no customer, and keeps what the law makes it keep",
        ]

    def _forget(self, customer: str) -> int:
        path = f"/v1/customers/{customer}"
        rows = self._call.get(f"{path}/tokens").get("items")
        for row in rows if isinstance(rows, list) else ():
            if str((row.get("recurring_details") or {}).get("status")) in {"confirmed", "initiated", "paused"}:
                self._call.send_json("PUT", f"{path}/tokens/{row['id']}/cancel", {})
            self._call.delete(f"{path}/tokens/{row['id']}", {})
        # An address of nobody's, and of this customer alone: two of the same are refused.
        nobody = {"name": "Deleted", "email": f"{customer.lower()}@deleted.invalid", "contact": "+910000000000"}
        self._call.send_json("PUT", path, nobody)
        return len(rows) if isinstance(rows, list) else 0

    def disabled(self, url: str) -> bool:  # noqa: ARG002 - as `Way` has it
        """It does not say: its dashboard alone shows that."""
        return False

    def link(self, kind: str, made: str) -> str:  # noqa: ARG002 - as `Way` has it
        """Where the customer goes on at Razorpay."""
        return str(self._call.get(f"/v1/subscriptions/{made}").get("short_url") or "")

    def waiting(self, subscription_id: str) -> str:
        """Where the customer pays with another card; empty where nothing waits."""
        row = self._call.get(f"/v1/subscriptions/{subscription_id}")
        return str(row.get("short_url") or "") if row.get("status") in {"created", "pending", "halted"} else ""

    def payment(self, invoice_id: str) -> str:
        """What paid an invoice: a refund names it. Empty where nothing did."""
        return str(self._call.get(f"/v1/invoices/{invoice_id}").get("payment_id") or "")

    def period(self, price_id: str) -> str:
        return (str(_notes(self._call.get(f"/v1/plans/{price_id}")).get("vallum") or "//")).split("/")[1]

    # What each kind of command sends.

    def _do_checkout(self, args: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        sent: dict[str, Any] = {
            "plan_id": self._plan_id(args),
            "quantity": args["seats"],
            "total_count": _COUNTS[args["period"]],
            "customer_notify": 1,
            "notes": {"org": args["org"], "cmd": key},
        }
        if args.get("trial_end"):
            sent["start_at"] = args["trial_end"]
        return self._call.send_json("POST", "/v1/subscriptions", sent)

    def _do_change(self, args: Mapping[str, Any], key: str) -> Mapping[str, Any]:  # noqa: ARG002 - one shape for all kinds
        return self._changed(args, "now")

    def _do_lower(self, args: Mapping[str, Any], key: str) -> Mapping[str, Any]:  # noqa: ARG002 - as above
        return self._changed(args, "cycle_end")

    def _changed(self, args: Mapping[str, Any], when: str) -> Mapping[str, Any]:
        sent: dict[str, Any] = {"quantity": args["seats"], "schedule_change_at": when, "customer_notify": 1}
        if args.get("period"):
            sent["plan_id"] = self._plan_id(args)
            sent["remaining_count"] = _COUNTS[args["period"]]
        return self._call.send_json("PATCH", f"/v1/subscriptions/{args['subscription']}", sent)

    def _do_cancel(self, args: Mapping[str, Any], key: str) -> Mapping[str, Any]:  # noqa: ARG002 - as above
        return self._call.send_json(
            "POST", f"/v1/subscriptions/{args['subscription']}/cancel", {"cancel_at_cycle_end": 1}
        )

    def _do_end(self, args: Mapping[str, Any], key: str) -> Mapping[str, Any]:  # noqa: ARG002 - as above
        """At once. What is over stays over."""
        row = self._call.get(f"/v1/subscriptions/{args['subscription']}")
        if _STATUS.get(str(row.get("status"))) is not Status.CANCELED:
            row = self._call.send_json("POST", f"/v1/subscriptions/{row['id']}/cancel", {"cancel_at_cycle_end": 0})
        return row

    def _do_refund(self, args: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        sent = {"amount": args["amount"], "notes": {"cmd": key}}
        return self._call.send_json("POST", f"/v1/payments/{args['payment']}/refund", sent)

    def _plan_id(self, args: Mapping[str, Any]) -> str:
        wanted = plan_name(args["plan"], args["period"], args["currency"])
        for row in self._pages("/v1/plans", {}):
            if _notes(row).get("vallum") == wanted:
                return str(row["id"])
        raise RefusedError(404, "no_plan", f"Razorpay has no plan with the note {wanted}.")

    def offer(self, product: str, name: str, prices: Mapping[tuple[str, str], int]) -> list[str]:
        """Make its plans, those that are not there yet; the notes of what was made."""
        there = {_notes(row).get("vallum") for row in self._pages("/v1/plans", {})}
        made = []
        for (currency, period), amount in prices.items():
            note = plan_name(product, period, currency)
            if note in there:
                continue
            item = {"name": f"Vallum {name}", "amount": amount, "currency": currency}
            sent = {"period": PERIODS[period], "interval": 1, "item": item, "notes": {"vallum": note}}
            self._call.send_json("POST", "/v1/plans", sent)
            made.append(note)
        return made

    def _pages(self, path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for number in range(100):
            said = self._call.get(path, {**query, "count": PAGE, "skip": number * PAGE})
            rows = said.get("items")
            if not isinstance(rows, list):
                raise NoAnswerError(f"{path} told no list.")
            yield from rows
            if len(rows) < PAGE:
                return


def plan_name(plan: str, period: str, currency: str) -> str:
    return f"{plan}/{period}/{currency}"


def _notes(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """An object; a list where there are none."""
    notes = row.get("notes")
    return notes if isinstance(notes, dict) else {}


def _seen(row: Mapping[str, Any], plan: Mapping[str, Any], bills: Sequence[Bill]) -> Seen:
    if str(row["status"]) not in _STATUS:
        raise NoAnswerError(f"A subscription is {row['status']}, which means nothing here.")
    owed = [bill.issued_at for bill in bills if bill.open]
    status = _STATUS[str(row["status"])]
    return Seen(
        subscription_id=str(row["id"]),
        price_id=str(row["plan_id"]),
        plan=str(_notes(plan).get("vallum", "")).split("/")[0] or "free",
        status=status,
        seats=int(row.get("quantity") or 1),
        period_end=moment(row.get("current_end") or row.get("charge_at") or row.get("start_at")),
        cancel_at=moment(row.get("ended_at")),
        trial_end=moment(row.get("start_at")) if status is Status.TRIALING else None,
        owed_since=min(owed, default=None),
    )


def _bill(row: Mapping[str, Any]) -> Bill:
    return Bill(
        invoice_id=str(row["id"]),
        number=str(row.get("invoice_number") or row.get("receipt") or ""),
        status=str(row.get("status") or "draft"),
        issued_at=moment(row.get("issued_at") or row.get("date") or row.get("created_at"))
        or datetime.fromtimestamp(0, UTC),
        subscription_id=str(row.get("subscription_id") or ""),
        amount=int(row.get("amount") or 0),
        currency=str(row.get("currency") or ""),
        url=str(row.get("short_url") or ""),
    )
