"""Lines of invoices, and items that wait for the next one."""

from typing import Any, Final

from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.catalogue import usable_price
from dev.fakes.stripe.discounts import off
from dev.fakes.stripe.errors import Refused, state
from dev.fakes.stripe.events import emit
from dev.fakes.stripe.params import MOMENT, NAME, Needed, clears, currency, flag, group, merged, metadata, text, whole
from dev.fakes.stripe.periods import share
from dev.fakes.stripe.shapes import made
from dev.fakes.stripe.world import Thing, World, name


def pricing(price: Thing) -> dict[str, Any]:
    return {
        "type": "price_details",
        "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def of_item(world: World, sub: Thing, item: Thing, *, free: bool = False) -> Thing:
    """The line for an item's current period. `free`: on trial."""
    price, quantity = item["price"], item["quantity"]
    amount = 0 if free else price["unit_amount"] * quantity
    product = world.objects[price["product"]]["name"]
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": sub["id"],
        "subscription_item": item["id"],
    }
    return _line(
        world,
        amount=amount,
        currency=sub["currency"],
        description=f"Trial of {product}" if free else f"{quantity} of {product}",
        discountable=True,
        parent={
            "type": "subscription_item_details", "invoice_item_details": None, "subscription_item_details": details
        },
        period={"start": item["current_period_start"], "end": item["current_period_end"]},
        pricing=pricing(price),
        quantity=quantity,
        subscription=sub["id"],
    )  # fmt: skip


def _line(world: World, *, amount: int, quantity: int, **more: Any) -> Thing:
    return made(
        "line_item",
        id=name("il"),
        amount=amount,
        subtotal=amount,
        discount_amounts=[],
        discounts=[],
        livemode=world.livemode,
        pretax_credit_amounts=[],
        quantity=quantity,
        quantity_decimal=str(quantity),
        taxes=[],
        **more,
    )


def of_waiting(world: World, waiting: Thing) -> Thing:
    """The line that an invoice item becomes."""
    sub = (waiting["parent"] or {}).get("subscription_details") or {}
    details = {
        "invoice_item": waiting["id"],
        "proration": waiting["proration"],
        "proration_details": {"credited_items": None},
        "subscription": sub.get("subscription"),
    }
    parent: dict[str, Any] = {
        "type": "invoice_item_details", "invoice_item_details": details, "subscription_item_details": None
    }  # fmt: skip
    if sub.get("subscription_item"):
        details["subscription_item"] = sub["subscription_item"]
        parent = {
            "type": "subscription_item_details", "invoice_item_details": None, "subscription_item_details": details
        }  # fmt: skip
    return _line(
        world,
        amount=waiting["amount"],
        currency=waiting["currency"],
        description=waiting["description"],
        discountable=waiting["discountable"],
        metadata=waiting["metadata"],
        parent=parent,
        period=waiting["period"],
        pricing=waiting["pricing"],
        quantity=waiting["quantity"],
        subscription=sub.get("subscription"),
    )


def wait(world: World, customer: Thing, *, save: bool = True, **fields: Any) -> Thing:
    """An amount for the next invoice. Not saved, it is of a preview."""
    amount = fields.pop("amount")
    given: dict[str, Any] = {
        "amount": amount,
        "net_amount": amount,
        "customer": customer["id"],
        "date": world.now(customer["test_clock"]),
        "discountable": True,
        "discounts": [],
        "livemode": world.livemode,
        "proration": False,
        "quantity": 1,
        "tax_rates": [],
        "test_clock": customer["test_clock"],
        **fields,
    }
    given["quantity_decimal"] = str(given["quantity"])
    if not save:
        return made("invoiceitem", id=name("ii"), **given)
    thing = world.add("invoiceitem", name("ii"), **given)
    emit(world, "invoiceitem.created", thing)
    return thing


def prorate(world: World, sub: Thing, item: Thing, at: int, *, unused: bool, save: bool = True) -> Thing:
    """What an item costs for the rest of its period; `unused` gives it back. Percentages off are taken into account."""
    start, end = item["current_period_start"], item["current_period_end"]
    full = item["price"]["unit_amount"] * item["quantity"]
    for each in sub["discounts"]:
        coupon = world.objects.get(world.objects[each]["source"]["coupon"])
        if coupon and coupon["percent_off"] is not None:
            full -= off(coupon, full, sub["currency"])
    amount = share(full, start, end, at)
    product = world.objects[item["price"]["product"]]["name"]
    return wait(
        world,
        world.objects[sub["customer"]],
        save=save,
        amount=-amount if unused else amount,
        currency=sub["currency"],
        description=f"{'Unused' if unused else 'Remaining'} time on {item['quantity']} of {product}",
        discountable=False,
        parent={
            "type": "subscription_details",
            "subscription_details": {"subscription": sub["id"], "subscription_item": item["id"]},
        },
        period={"start": min(max(at, start), end), "end": end},
        pricing=pricing(item["price"]),
        proration=True,
        proration_details={"credited_items": None, "discount_amounts": []},
        quantity=item["quantity"],
    )


def waiting(world: World, customer: str, sub: str | None, money: str) -> list[Thing]:
    """Items that no invoice has yet; those of a subscription go with that one."""

    def keep(each: Thing) -> bool:
        of = ((each["parent"] or {}).get("subscription_details") or {}).get("subscription")
        return (
            each["customer"] == customer and each["invoice"] is None and each["currency"] == money and of in {None, sub}
        )

    return world.all("invoiceitem", keep)


def _create(ask: Ask) -> Thing:
    given = ask.take(
        {
            "customer": Needed(NAME),
            "amount": whole(),
            "currency": currency,
            "description": clears(text()),
            "invoice": NAME,
            "subscription": NAME,
            "pricing": group({"price": Needed(NAME)}),
            "quantity": whole(least=1),
            "discountable": flag,
            "metadata": metadata,
            "period": group({"start": Needed(MOMENT), "end": Needed(MOMENT)}),
        },
        "InvoiceItemCreateParams",
    )
    customer = ask.world.customer(given["customer"])
    quantity = given.get("quantity", 1)
    price = (
        usable_price(ask.world, given["pricing"]["price"], "pricing[price]", recurring=False)
        if "pricing" in given
        else None
    )
    if price is None and not {"amount", "currency"} <= given.keys():
        raise Refused("amount and currency, or a price, are needed.", code="parameter_missing", param="amount")
    now = ask.world.now(customer["test_clock"])
    sub = ask.world.given("subscription", given["subscription"], "subscription") if "subscription" in given else None
    if "invoice" in given and ask.world.given("invoice", given["invoice"], "invoice")["status"] != "draft":
        raise state("The invoice is final.", "invoice_not_editable", "invoice")
    return wait(
        ask.world,
        customer,
        amount=price["unit_amount"] * quantity if price else given["amount"],
        currency=price["currency"] if price else given["currency"],
        description=given.get("description"),
        discountable=given.get("discountable", True),
        invoice=given.get("invoice"),
        metadata=merged({}, given.get("metadata", {})),
        parent={
            "type": "subscription_details",
            "subscription_details": {"subscription": sub["id"], "subscription_item": None},
        }
        if sub
        else None,
        period=given.get("period", {"start": now, "end": now}),
        pricing=pricing(price) if price else None,
        quantity=quantity,
    )


def _delete(ask: Ask) -> Thing:
    thing = ask.named("invoiceitem")
    if thing["invoice"] and ask.world.objects[thing["invoice"]]["status"] != "draft":
        raise state("The invoice is final.", "invoice_not_editable")
    emit(ask.world, "invoiceitem.deleted", thing)
    return ask.world.remove(thing)


def _list(ask: Ask) -> Thing:
    given = ask.filters({"customer": NAME, "invoice": NAME, "pending": flag}, "InvoiceItemListParams")

    def keep(each: Thing) -> bool:
        return bool(
            each["customer"] == given.get("customer", each["customer"])
            and each["invoice"] == given.get("invoice", each["invoice"])
            and given.get("pending", each["invoice"] is None) == (each["invoice"] is None)
        )

    return ask.page("invoiceitem", keep)


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/invoiceitems", _create),
        ("GET", "/v1/invoiceitems", _list),
        ("GET", "/v1/invoiceitems/:id", lambda ask: ask.named("invoiceitem")),
        ("DELETE", "/v1/invoiceitems/:id", _delete),
    )
)
