"""Customers, their tax ids, and the balance that their next invoice takes into account."""

from typing import Any, Final

from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.cards import attach, detach, method
from dev.fakes.stripe.errors import Refused, invalid
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.params import (
    ADDRESS,
    NAME,
    Needed,
    choice,
    clears,
    currency,
    filled,
    group,
    many,
    merged,
    metadata,
    text,
    whole,
)
from dev.fakes.stripe.shapes import listing
from dev.fakes.stripe.standing import end
from dev.fakes.stripe.world import Thing, World, name

_SETTINGS: Final = group({
    "default_payment_method": clears(NAME),
    "footer": clears(text()),
    "custom_fields": many(group({"name": Needed(filled(40)), "value": Needed(filled(140))}), most=4),
})  # fmt: skip
_FIELDS: Final = {
    "address": clears(ADDRESS), "balance": whole(), "description": clears(text()), "email": clears(text(512)), "metadata": metadata,
    "name": clears(text(256)), "phone": clears(text(20)), "preferred_locales": many(NAME), "invoice_settings": _SETTINGS,
    "tax_exempt": choice("none", "exempt", "reverse"), "invoice_prefix": filled(12),
    "shipping": clears(group({"address": Needed(ADDRESS), "name": Needed(text()), "phone": text()})),
    "tax": group({"validate_location": choice("immediately", "deferred", "auto")}),
}  # fmt: skip
TAX_IDS: Final = {
    "eu_vat": 4, "gb_vat": 5, "in_gst": 15, "ch_vat": 6, "us_ein": 9, "no_vat": 9, "au_abn": 11, "ca_bn": 9,
}  # fmt: skip
"""Kinds that are known here, with the least length of each."""


def _create(ask: Ask) -> Thing:
    given = ask.take(
        {
            **_FIELDS,
            "payment_method": NAME,
            "test_clock": NAME,
            "tax_id_data": many(group({"type": Needed(choice(*TAX_IDS)), "value": Needed(NAME)}), most=5),
        },
        "CustomerCreateParams",
    )
    given.pop("tax", None)
    if line := given.get("test_clock"):
        ask.world.given("test_helpers.test_clock", line, "test_clock")
        if len(ask.world.all("customer", lambda each: each["test_clock"] == line)) >= 3:
            raise Refused("A test clock has three customers at most.", param="test_clock")
    ids, paying = given.pop("tax_id_data", []), given.pop("payment_method", None)
    thing = create(ask.world, **given)
    for each in ids:
        add_tax_id(ask.world, thing, each["type"], each["value"])
    if paying:
        paid_by = method(ask.world, paying, "payment_method")
        attach(ask.world, paid_by, thing)
    return thing


def create(world: World, **given: Any) -> Thing:
    settings = {
        "custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None,
        **given.pop("invoice_settings", {}),
    }  # fmt: skip
    thing = world.add(
        "customer",
        name("cus", 14),
        **{
            "balance": 0,
            "delinquent": False,
            "preferred_locales": [],
            "tax_exempt": "none",
            "invoice_prefix": name("", 8)[1:].upper(),
            "next_invoice_sequence": 1,
            **given,
            "metadata": merged({}, given.get("metadata", {})),
        },
        invoice_settings=settings,
        created=world.now(given.get("test_clock")),
        livemode=world.livemode,
    )
    emit(world, "customer.created", thing)
    return thing


def change(world: World, thing: Thing, **given: Any) -> None:
    before = {**thing, "invoice_settings": dict(thing["invoice_settings"]), "metadata": dict(thing["metadata"])}
    if "metadata" in given:
        given["metadata"] = merged(thing["metadata"], given["metadata"])
    if "invoice_settings" in given:
        given["invoice_settings"] = {**thing["invoice_settings"], **given["invoice_settings"]}
    thing.update(given)
    emit(world, "customer.updated", thing, before)


def _update(ask: Ask) -> Thing:
    thing = _named(ask)
    given = ask.take(_FIELDS, "CustomerModifyParams")
    given.pop("tax", None)
    if paying := given.get("invoice_settings", {}).get("default_payment_method"):
        paid_by = method(ask.world, paying, "invoice_settings[default_payment_method]")
        if paid_by["customer"] != thing["id"]:
            raise Refused(
                "The payment method is not this customer's.", param="invoice_settings[default_payment_method]"
            )
    change(ask.world, thing, **given)
    return thing


def _named(ask: Ask, part: str = "id") -> Thing:
    """A customer who was deleted can be read, and nothing else."""
    if ask.world.gone.get(ask.names[part]) == "customer":
        raise Refused("The customer was deleted.", code="resource_missing", param=part, status=404)
    return ask.named("customer", part)


def _read(ask: Ask) -> Thing:
    if ask.world.gone.get(ask.names["id"]) == "customer":
        return {"id": ask.names["id"], "object": "customer", "deleted": True}
    return ask.named("customer")


def _delete(ask: Ask) -> Thing:
    """For good: subscriptions end at once, cards and tax ids go with the customer."""
    customer = _named(ask)
    world = ask.world
    for sub in world.all("subscription", lambda each: each["customer"] == customer["id"]):
        end(world, sub, "cancellation_requested")
    for each in world.all("payment_method", lambda one: one["customer"] == customer["id"]):
        detach(world, each)
    for each in world.all("tax_id", lambda one: one["customer"] == customer["id"]):
        world.remove(each)
    emit(world, "customer.deleted", customer)
    return world.remove(customer)


def _list(ask: Ask) -> Thing:
    given = ask.filters({"email": NAME, "test_clock": NAME}, "CustomerListParams")
    line = given.get("test_clock")
    # Who lives by a test clock is listed with it alone.
    return ask.page(
        "customer",
        lambda each: each["test_clock"] == line and each["email"] == given.get("email", each["email"]),
    )


def add_tax_id(world: World, customer: Thing, kind: str, value: str) -> Thing:
    if len(value) < TAX_IDS[kind]:
        raise Refused(f"{value} is no {kind}.", code="tax_id_invalid", param="value")
    country = {"eu_vat": value[:2].upper(), "in_gst": "IN"}.get(kind, kind[:2].upper())
    thing = world.add(
        "tax_id",
        name("txi"),
        country=country,
        created=world.now(customer["test_clock"]),
        customer=customer["id"],
        livemode=world.livemode,
        owner={
            "type": "customer", "customer": customer["id"], "account": None, "application": None,
            "customer_account": None,
        },
        type=kind,
        value=value,
        verification={
            "status": "verified" if kind == "eu_vat" else "unavailable", "verified_address": None, "verified_name": None
        },
    )  # fmt: skip
    emit(world, "customer.tax_id.created", thing)
    return thing


def _create_tax_id(ask: Ask) -> Thing:
    customer = _named(ask, "customer")
    given = ask.take({"type": Needed(choice(*TAX_IDS)), "value": Needed(NAME)}, "CustomerTaxIdCreateParams")
    return add_tax_id(ask.world, customer, given["type"], given["value"])


def _tax_id(ask: Ask) -> Thing:
    thing = ask.named("tax_id")
    if thing["customer"] != ask.names["customer"]:
        raise Refused("No such tax id of this customer.", code="resource_missing", param="id", status=404)
    return thing


def _delete_tax_id(ask: Ask) -> Thing:
    thing = _tax_id(ask)
    emit(ask.world, "customer.tax_id.deleted", thing)
    return ask.world.remove(thing)


def owe(world: World, customer: Thing, amount: int, kind: str, money: str, **more: Any) -> Thing | None:
    """Change a balance: below zero is in the customer's favour. Nothing for nothing."""
    if not amount:
        return None
    change(world, customer, balance=customer["balance"] + amount)
    return world.add(
        "customer_balance_transaction",
        name("cbtxn"),
        amount=amount,
        created=world.now(customer["test_clock"]),
        currency=money,
        customer=customer["id"],
        ending_balance=customer["balance"],
        livemode=world.livemode,
        type=kind,
        **more,
    )


def _owe(ask: Ask) -> Thing:
    customer = _named(ask, "customer")
    given = ask.take(
        {"amount": Needed(whole()), "currency": Needed(currency), "description": clears(text()), "metadata": metadata},
        "CustomerBalanceTransactionCreateParams",
    )
    made = owe(
        ask.world, customer, given["amount"], "adjustment", given["currency"], description=given.get("description")
    )
    if made is None:
        raise invalid("amount", "nothing is no change.", "parameter_invalid_integer")
    return made


def _of_customer(kind: str) -> Any:
    def page(ask: Ask) -> Thing:
        customer = _named(ask, "customer")
        return ask.page(kind, lambda each: each["customer"] == customer["id"])

    return page


def tax_ids(world: World, customer: Thing) -> Thing:
    found = world.all("tax_id", lambda each: each["customer"] == customer["id"])
    return listing(found[::-1], f"/v1/customers/{customer['id']}/tax_ids")


def subscriptions(world: World, customer: Thing) -> Thing:
    found = world.all("subscription", lambda each: each["customer"] == customer["id"] and each["status"] != "canceled")
    return listing(found[::-1], f"/v1/customers/{customer['id']}/subscriptions")


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/customers", _create),
        ("GET", "/v1/customers", _list),
        ("GET", "/v1/customers/:id", _read),
        ("POST", "/v1/customers/:id", _update),
        ("DELETE", "/v1/customers/:id", _delete),
        ("POST", "/v1/customers/:customer/tax_ids", _create_tax_id),
        ("GET", "/v1/customers/:customer/tax_ids", _of_customer("tax_id")),
        ("GET", "/v1/customers/:customer/tax_ids/:id", _tax_id),
        ("DELETE", "/v1/customers/:customer/tax_ids/:id", _delete_tax_id),
        ("POST", "/v1/customers/:customer/balance_transactions", _owe),
        ("GET", "/v1/customers/:customer/balance_transactions", _of_customer("customer_balance_transaction")),
    ),
    included={"customer.tax_ids": tax_ids, "customer.subscriptions": subscriptions},
)
