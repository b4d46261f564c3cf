"""Every object of the fake Stripe is of the shape that Stripe's own library declares for it, all the way down."""

import types
from decimal import Decimal
from typing import Any, ClassVar, ForwardRef, Literal, Union, get_args, get_origin

import pytest
import stripe

from dev.fakes.clock import Clock
from dev.fakes.stripe.checkout import line_items as lines
from dev.fakes.stripe.shapes import CLASSES
from dev.tests.fakes.paying import DAY, open_shop

NAMES = {name: getattr(stripe, name) for name in dir(stripe)}
TYPED = {"email": "ada@acme.test", "name": "Ada", "country": "FR", "card": "4242424242424242"}


def _resolve(annotation: Any, owner: type) -> Any:
    """A name as the library writes it: its own class inside the owner, or another object."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return annotation
    inner = annotation.partition("[")
    if inner[0] in {"ListObject", "ExpandableField", "UntypedStripeObject"}:
        return annotation
    return getattr(owner, annotation, NAMES.get(annotation, annotation))


PLAIN: dict[Any, Any] = {str: str, int: int, bool: bool, float: (int, float), Decimal: str}


def _wrong(value: Any, annotation: Any, owner: type, where: str) -> list[str]:
    annotation = _resolve(annotation, owner)
    kind, inside = get_origin(annotation), get_args(annotation)
    if kind in {Union, types.UnionType} and value is not None:
        return min((_wrong(value, each, owner, where) for each in inside if each is not type(None)), key=len)
    if kind is list and isinstance(value, list):
        return [each for n, one in enumerate(value) for each in _wrong(one, inside[0], owner, f"{where}[{n}]")]
    if isinstance(annotation, type) and hasattr(annotation, "__annotations__") and isinstance(value, dict):
        return _inside(value, annotation, where)
    if kind in {Union, types.UnionType, list, Literal}:
        fine = value in inside if kind is Literal else kind is not list and type(None) in inside
    else:
        fine = annotation not in PLAIN or isinstance(value, PLAIN[annotation])
    return [] if fine else [f"{where} is {value!r}"]


def _inside(value: dict[str, Any], owner: type, where: str) -> list[str]:
    found = []
    for name, annotation in owner.__annotations__.items():
        if name.startswith("_") or get_origin(annotation) is ClassVar:
            continue
        optional = type(None) in get_args(annotation)
        if name not in value:
            found += [] if optional else [f"{where}.{name} is missing"]
        else:
            found += _wrong(value[name], annotation, owner, f"{where}.{name}")
    known = {name for each in owner.__mro__ for name in getattr(each, "__annotations__", {})}
    return found + [f"{where}.{name} is not declared" for name in value.keys() - known]


@pytest.fixture(scope="module")
def world():
    """One of everything."""
    with open_shop(Clock(source=lambda: 1_790_000_000.0)) as shop:
        _make(shop)
        yield shop.fake.test


def _make(shop):
    coupon = shop.v1.coupons.create({"percent_off": "10", "duration": "forever"})
    code = shop.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    price = shop.price()
    session = shop.checkout(
        price,
        discounts=[{"promotion_code": code.id}],
        tax_id_collection={"enabled": True},
        automatic_tax={"enabled": True},
    )
    shop.page(session.url, **TYPED, tax_type="eu_vat", tax_value="FR12345678901")
    debit = shop.checkout(price, payment_method_types=["sepa_debit"])
    shop.page(debit.url, **{**TYPED, "card": "DE89370400440532013000"})
    setup = shop.v1.checkout.sessions.create({"mode": "setup", "currency": "eur", "success_url": "http://127.0.0.1/"})
    shop.page(setup.url, **TYPED)
    line = shop.clock()
    sub = shop.subscribe(shop.customer(line=line), price)
    shop.v1.subscription_schedules.create({"from_subscription": sub.id})
    failing = shop.customer("chargeCustomerFail", line=line)
    shop.subscribe(failing, price)
    shop.go(line, 32 * DAY)
    changed = shop.subscribe(shop.customer("createDispute"), price)
    shop.v1.subscriptions.update(
        changed.id,
        {"items": [{"id": changed["items"].data[0].id, "quantity": 1}], "proration_behavior": "always_invoice"},
    )
    waits = shop.customer()
    sub = shop.subscribe(waits, price)
    bad = shop.customer_card(waits, "authenticationRequired", default=True)
    assert bad
    shop.v1.subscriptions.update(
        sub.id,
        {
            "items": [{"id": sub["items"].data[0].id, "quantity": 9}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "pending_if_incomplete",
        },
    )
    paid = shop.v1.invoices.list({"customer": waits.id, "status": "paid"}).data[0]
    shop.v1.credit_notes.create(
        {
            "invoice": paid.id,
            "lines": [{"type": "invoice_line_item", "invoice_line_item": paid.lines.data[0].id, "amount": 5}],
            "refund_amount": 5,
        }
    )
    shop.v1.billing_portal.sessions.create(
        {
            "customer": waits.id,
            "flow_data": {"type": "subscription_cancel", "subscription_cancel": {"subscription": sub.id}},
        }
    )
    shop.fake.advance(120)


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_shape(world, kind):
    # What an upcoming invoice will be is told without an id.
    kept = [each for each in world.objects.values() if each.get("type") != "invoice.upcoming"]
    found = _parts([kept, lines(world, world.all("checkout.session")[0])], kind)
    assert found, f"nothing made a {kind}"
    assert sorted({each for thing in found for each in _inside(thing, CLASSES[kind], kind)}) == []


def _parts(value: Any, kind: str) -> list[Any]:
    """Objects that are kept inside others."""
    if isinstance(value, list):
        return [found for each in value for found in _parts(each, kind)]
    if not isinstance(value, dict):
        return []
    mine = [value] if value.get("object") == kind else []
    return mine + [found for each in value.values() for found in _parts(each, kind)]
