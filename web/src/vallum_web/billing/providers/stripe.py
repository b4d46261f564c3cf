"""Stripe: what is asked of it, and how its answers are read. API version 2026-10-28.endive (docs.stripe.com/api).

Two things moved between versions and are read in both places: a period's end (of the subscription, now of its item) and an
invoice's subscription (`subscription`, now below `parent`).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vallum_web.billing.keys import Keys
from vallum_web.billing.providers.answers import moment, uuid
from vallum_web.billing.providers.stripe_answers import bill, dispute, id_of, price, seen
from vallum_web.billing.seen import Contract, Dispute, Look, Whose
from vallum_web.billing.wire import Caller, NoAnswerError, RefusedError

VERSION: Final = "2026-10-28.endive"
FOLLOWED = (
    "checkout.session.",
    "customer.subscription.",
    "customer.deleted",
    "invoice.",
    "charge.refunded",
    "charge.dispute.",
    "refund.",
    "credit_note.",
)
# Where an object's kind shows at the front of its id.
_READ = {"in": "invoices", "cs": "checkout/sessions", "ch": "charges", "pi": "payment_intents", "re": "refunds"}
_READ |= {"cn": "credit_notes", "dp": "disputes", "du": "disputes", "sub": "subscriptions"}
MISSING = 404
ENDED = frozenset({"canceled", "incomplete_expired"})


class Stripe:
    """See `providers.Way`."""

    def __init__(self, keys: Keys, org: UUID | None) -> None:
        self._call = Caller(keys, org)

    def whose(self, object_id: str) -> Whose | None:
        """None: it knows no such thing, or nobody's."""
        kind = object_id.partition("_")[0]
        if kind == "cus":
            return self._customers(object_id)
        try:
            said = self._get(f"/v1/{_READ[kind]}/{object_id}") if kind in _READ else {}
            if not said.get("customer") and (charge := id_of(said.get("charge"))):
                said = self._get(f"/v1/charges/{charge}")
        except RefusedError as error:
            _demand_missing(error)
            return None
        customer = id_of(said.get("customer"))
        found = self._customers(customer) if customer else None
        # A session that we began names its organization itself, and the first word of a customer may be this one.
        named = uuid(said.get("client_reference_id"))
        if found is None and named and customer:
            return Whose(org=named, customer_id=customer)
        return found

    def look(self, customer_id: str, subscriptions: Sequence[str]) -> Look:  # noqa: ARG002 - Stripe finds them by the customer
        try:
            customer = self._get(f"/v1/customers/{customer_id}")
        except RefusedError as error:
            _demand_missing(error)
            customer = {"deleted": True}
        bills = tuple(bill(row) for row in self._pages("/v1/invoices", {"customer": customer_id}))
        rows = self._pages("/v1/subscriptions", {"customer": customer_id, "status": "all"})
        found = tuple(seen(row, bills) for row in rows if price(row).get("lookup_key"))
        address = customer.get("address") or {}
        return Look(
            customer_id=customer_id,
            region=str(address.get("country") or ""),
            currency=str(customer.get("currency") or "").upper(),
            subscriptions=found,
            bills=bills,
            gone=customer.get("deleted") is True,
        )

    def changed(self, since: datetime) -> Sequence[tuple[str, str, str]]:
        """Events since then: id, type, id of what it is about. Stripe keeps them for 30 days."""
        wanted = {"created": {"gte": int(since.timestamp())}}
        rows = [row for row in self._pages("/v1/events", wanted) if str(row.get("type")).startswith(FOLLOWED)]
        return [(str(row["id"]), str(row["type"]), str(row["data"]["object"].get("id", ""))) for row in rows]

    def do(self, kind: str, args: Mapping[str, Any], key: str) -> str:
        """The id of what was made or changed. Repeated under the same key it is done once."""
        made: Mapping[str, Any] = getattr(self, f"_do_{kind}")(args, {"Idempotency-Key": key})
        return str(made["id"])

    def find(self, kind: str, args: Mapping[str, Any], key: str) -> str | None:
        """A refund that an earlier attempt made: it may be sent again when its key of repetition is forgotten."""
        if kind != "refund":
            return None
        rows = self._pages("/v1/refunds", {_paid_by(args["payment"]): args["payment"]})
        return next((str(row["id"]) for row in rows if (row.get("metadata") or {}).get("cmd") == key), None)

    def contract(self, customer_id: str, subscription_id: str) -> Contract:
        customer = self._get(f"/v1/customers/{customer_id}")
        numbers = self._get(f"/v1/customers/{customer_id}/tax_ids", {"limit": 1}).get("data")
        row = self._get(f"/v1/subscriptions/{subscription_id}")
        began = moment(row.get("start_date") or row.get("created"))
        if began is None:
            raise NoAnswerError("It does not say when the subscription began.")
        return Contract(
            country=str((customer.get("address") or {}).get("country") or ""), business=bool(numbers), began=began
        )

    def dispute(self, dispute_id: str) -> Dispute:
        return dispute(self._get(f"/v1/disputes/{dispute_id}"))

    def leave(self, customer_id: str, subscriptions: Sequence[str]) -> list[str]:
        """End what lives and delete the customer, in words for a receipt. Twice is the same as once."""
        for key in subscriptions:
            self._do_end({"subscription": key}, {})
        try:
            self._call.delete(f"/v1/customers/{customer_id}", {"Stripe-Version": VERSION})
        except RefusedError as error:
            _demand_missing(error)
        return [
            f"{len(subscriptions)} subscriptions are over",
            "the customer is deleted; Stripe keeps what the law makes it keep",
        ]

    def disabled(self, url: str) -> bool:
        """Whether it was told to tell nothing more at this address."""
        there = [row.get("status") for row in self._pages("/v1/webhook_endpoints", {}) if row.get("url") == url]
        return bool(there) and "enabled" not in there

    def link(self, kind: str, made: str) -> str:
        """Where the customer goes on at Stripe."""
        path = {"checkout": "/v1/checkout/sessions/"}[kind]
        return str(self._get(path + made).get("url") or "")

    def portal(self, customer_id: str, back: str) -> str:
        sent = {"customer": customer_id, "return_url": back, "configuration": self._portal()}
        return str(self._post("/v1/billing_portal/sessions", sent, {})["url"])

    def _portal(self) -> str | None:
        """Our way the portal is set up; None where `offer` has not made it: then the account's own counts."""
        rows = self._pages("/v1/billing_portal/configurations", {})
        ours = (row for row in rows if row.get("active") and (row.get("metadata") or {}).get("vallum"))
        return next((str(row["id"]) for row in ours), None)

    def preview(self, subscription_id: str, changes: Mapping[str, Any]) -> tuple[int, str]:
        """What a change costs now, tax and what was paid already counted; in hundredths, and the currency."""
        row = self._get(f"/v1/subscriptions/{subscription_id}")
        details = {"items": [self._item(row, changes)], "proration_behavior": "always_invoice"}
        details["proration_date"] = changes["at"]
        asked = {"customer": id_of(row["customer"]), "subscription": subscription_id, "subscription_details": details}
        said = self._post("/v1/invoices/create_preview", asked, {})
        return int(said["amount_due"]), str(said["currency"]).upper()

    def waiting(self, subscription_id: str) -> str:
        """Where the customer confirms a payment that waits for them; empty where none does."""
        row = self._get(f"/v1/subscriptions/{subscription_id}")
        latest = id_of(row.get("latest_invoice"))
        if not latest or not (row.get("pending_update") or row.get("status") in {"past_due", "incomplete", "unpaid"}):
            return ""
        invoice = self._get(f"/v1/invoices/{latest}")
        return str(invoice.get("hosted_invoice_url") or "") if invoice.get("status") == "open" else ""

    def payment(self, invoice_id: str) -> str:
        """What paid an invoice: a refund names it. Empty where nothing did."""
        row = self._get(f"/v1/invoices/{invoice_id}", {"expand": ["payments"]})
        rows = (row.get("payments") or {}).get("data") or []
        paid: Mapping[str, Any] = next((each["payment"] for each in rows if each.get("status") == "paid"), {})
        return id_of(paid.get("payment_intent") or paid.get("charge"))

    def period(self, price_id: str) -> str:
        return str(self._get(f"/v1/prices/{price_id}").get("lookup_key") or "__").split("_")[2]

    # What each kind of command sends.

    def _do_customer(self, args: Mapping[str, Any], headers: Mapping[str, str]) -> Mapping[str, Any]:
        return self._post("/v1/customers", {"metadata": {"org": args["org"]}}, headers)

    def _do_checkout(self, args: Mapping[str, Any], headers: Mapping[str, str]) -> Mapping[str, Any]:
        own: dict[str, Any] = {"metadata": {"org": args["org"]}}
        if args.get("trial_end"):
            own["trial_end"] = args["trial_end"]
            own["trial_settings"] = {"end_behavior": {"missing_payment_method": "cancel"}}
        sent = {
            "mode": "subscription",
            "customer": args["customer"],
            "client_reference_id": args["org"],
            "line_items": [{"price": self._price_id(args), "quantity": args["seats"]}],
            "subscription_data": own,
            "automatic_tax": {"enabled": True},
            "tax_id_collection": {"enabled": True},
            "billing_address_collection": "required",
            "customer_update": {"name": "auto", "address": "auto"},
            "allow_promotion_codes": True,
            "success_url": f"{args['back']}back/",
            "cancel_url": args["back"],
        }
        return self._post("/v1/checkout/sessions", sent, headers)

    def _do_change(self, args: Mapping[str, Any], headers: Mapping[str, str]) -> Mapping[str, Any]:
        """More seats, or a longer period: at once, and paid at once."""
        path = f"/v1/subscriptions/{args['subscription']}"
        row = self._get(path)
        sent = {
            "items": [self._item(row, args)],
            "proration_behavior": "always_invoice",
            "payment_behavior": "pending_if_incomplete",
            # What is sent again after a renewal cannot be reckoned from a day before it.
            "proration_date": max(args["at"], int(row["items"]["data"][0].get("current_period_start") or 0)),
        }
        return self._post(path, sent, headers)

    def _do_lower(self, args: Mapping[str, Any], headers: Mapping[str, str]) -> Mapping[str, Any]:
        """Fewer seats, or a shorter period: from the next invoice on."""
        path = f"/v1/subscriptions/{args['subscription']}"
        return self._post(path, {"items": [self._item(self._get(path), args)], "proration_behavior": "none"}, headers)

    def _do_cancel(self, args: Mapping[str, Any], headers: Mapping[str, str]) -> Mapping[str, Any]:
        return self._post(f"/v1/subscriptions/{args['subscription']}", {"cancel_at_period_end": True}, headers)

    def _do_resume(self, args: Mapping[str, Any], headers: Mapping[str, str]) -> Mapping[str, Any]:
        return self._post(f"/v1/subscriptions/{args['subscription']}", {"cancel_at_period_end": False}, headers)

    def _do_end(self, args: Mapping[str, Any], headers: Mapping[str, str]) -> Mapping[str, Any]:  # noqa: ARG002 - one shape for all kinds
        """At once. What is over stays over, and what Stripe knows no more is over."""
        path = f"/v1/subscriptions/{args['subscription']}"
        try:
            row = self._get(path)
            if str(row.get("status")) not in ENDED:
                row = self._call.delete(path, {"Stripe-Version": VERSION})
        except RefusedError as error:
            _demand_missing(error)
            return {"id": args["subscription"]}
        return row

    def _do_refund(self, args: Mapping[str, Any], headers: Mapping[str, str]) -> Mapping[str, Any]:
        sent = {
            _paid_by(args["payment"]): args["payment"],
            "amount": args["amount"],
            "reason": "requested_by_customer",
            "metadata": {"cmd": headers["Idempotency-Key"]},
        }
        return self._post("/v1/refunds", sent, headers)

    def _item(self, row: Mapping[str, Any], args: Mapping[str, Any]) -> dict[str, Any]:
        item: dict[str, Any] = {"id": row["items"]["data"][0]["id"], "quantity": args["seats"]}
        if args.get("period"):
            item["price"] = self._price_id(args)
        return item

    def _price_id(self, args: Mapping[str, Any]) -> str:
        key = lookup_key(args["plan"], args["period"], args["currency"])
        rows = self._get("/v1/prices", {"lookup_keys": [key], "active": True}).get("data") or []
        if not rows:
            raise RefusedError(MISSING, "no_price", f"Stripe has no price with the lookup key {key}.")
        return str(rows[0]["id"])

    def offer(self, product: str, name: str, prices: Mapping[tuple[str, str], int]) -> list[str]:
        """Make the product and its prices, those that are not there yet; the lookup keys of what was made."""
        made = []
        for (currency, period), amount in prices.items():
            key = lookup_key(product, period, currency)
            if self._get("/v1/prices", {"lookup_keys": [key], "active": True}).get("data"):
                continue
            sent = {
                "currency": currency.lower(),
                "unit_amount": amount,
                "recurring": {"interval": period},
                "lookup_key": key,
                "product_data": {"name": f"Vallum {name}"},
                "tax_behavior": "exclusive",
            }
            self._post("/v1/prices", sent, {"Idempotency-Key": f"offer/{key}/{amount}"})
            made.append(key)
        if self._portal() is None:
            # Ways of paying, addresses, tax numbers and invoices; seats and endings are our own pages'.
            features = {
                "payment_method_update": {"enabled": True},
                "invoice_history": {"enabled": True},
                "customer_update": {"enabled": True, "allowed_updates": ["address", "name", "tax_id"]},
                "subscription_cancel": {"enabled": False},
            }
            sent = {"features": features, "metadata": {"vallum": "1"}}
            self._post("/v1/billing_portal/configurations", sent, {"Idempotency-Key": "offer/portal"})
            made.append("portal")
        return made

    def _customers(self, customer_id: str) -> Whose | None:
        try:
            said = self._get(f"/v1/customers/{customer_id}")
        except RefusedError as error:
            _demand_missing(error)
            return None
        org = uuid((said.get("metadata") or {}).get("org"))
        return Whose(org=org, customer_id=customer_id)

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._call.get(path, query, {"Stripe-Version": VERSION})

    def _post(self, path: str, sent: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        return self._call.post_form(path, sent, {"Stripe-Version": VERSION, **headers})

    def _pages(self, path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        wanted: dict[str, Any] = {**query, "limit": 100}
        for _ in range(100):
            said = self._get(path, wanted)
            rows = said.get("data")
            if not isinstance(rows, list):
                raise NoAnswerError(f"{path} told no list.")
            yield from rows
            if not said.get("has_more") or not rows:
                return
            wanted["starting_after"] = rows[-1]["id"]


def lookup_key(plan: str, period: str, currency: str) -> str:
    return f"vallum_{plan}_{period}_{currency.lower()}"


def _paid_by(payment: str) -> str:
    return "charge" if payment.startswith("ch_") else "payment_intent"


def _demand_missing(error: RefusedError) -> None:
    """What is not there is an answer; any other refusal goes on."""
    if error.status != MISSING:
        raise error
