"""Refunds, which above a limit take two; and what is done on Stripe's own pages."""

import re
from datetime import timedelta

import making
import pytest
from billing.test_stripe import away, bought, entitled
from django.test import Client
from selling import follow_all, pay

from vallum_web.accounts import tokens
from vallum_web.accounts.services import staff
from vallum_web.billing.models import BillingCommand
from vallum_web.billing.services import reconcile
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

PAGE = "/acme/settings/plan/"
STAFF = "/operator/refunds/?org=acme"


@pytest.fixture
def subscribed(people, signed_in, stripe):
    owner = signed_in(people.alice)
    pay(away(owner, seats=5))
    owner.get(f"{PAGE}back/")
    return owner


@pytest.fixture
def olga(signed_in):
    return operator("olga", signed_in)


def operator(name, signed_in):
    person = making.person(f"{name}@example.test", name=name.capitalize())
    staff.add_operator(person)
    return signed_in(person)


def invoice(browser):
    return re.search(r'name="invoice" value="([^"]+)"', browser.get(STAFF).content.decode())[1]


def given_back(stripe):
    return [refund["amount"] for refund in stripe.world.all("refund")]


def test_a_little_is_given_back_by_one(people, subscribed, olga, stripe):
    answer = olga.post(STAFF, {"invoice": invoice(olga), "amount": "29.00"}, follow=True).content.decode()
    assert "on its way back" in answer
    assert given_back(stripe) == [2900]
    with scope(people.org.pk):
        assert "billing.asked" in Event.objects.of(people.org).values_list("kind", flat=True)


def test_more_waits_for_a_second_person(people, subscribed, olga, stripe, signed_in):
    oscar = operator("oscar", signed_in)
    assert (
        "another person agrees"
        in olga.post(STAFF, {"invoice": invoice(olga), "amount": "145"}, follow=True).content.decode()
    )
    assert given_back(stripe) == []
    with scope(people.org.pk):
        key = str(BillingCommand.objects.of(people.org).get(kind="refund").pk)
    assert "you proposed it" in olga.post(STAFF, {"agree": key}, follow=True).content.decode()
    with clock.travelled(timedelta(days=3)):
        reconcile.everything()  # time alone agrees to nothing
    assert given_back(stripe) == []
    assert "on its way back" in oscar.post(STAFF, {"agree": key}, follow=True).content.decode()
    assert given_back(stripe) == [14500]
    assert "Nothing waits" in oscar.post(STAFF, {"agree": key}, follow=True).content.decode()


def test_parts_of_an_invoice_add_up(subscribed, olga, stripe):
    operator_page = {"invoice": invoice(olga), "amount": "60"}
    assert "on its way back" in olga.post(STAFF, operator_page, follow=True).content.decode()
    assert "24 hours" in olga.post(STAFF, operator_page, follow=True).content.decode()
    assert given_back(stripe) == [6000]


def test_where_there_is_no_second_person_a_day_passes(subscribed, olga, stripe):
    assert "24 hours" in olga.post(STAFF, {"invoice": invoice(olga), "amount": "145"}, follow=True).content.decode()
    with clock.travelled(timedelta(hours=23)):
        reconcile.everything()
    assert given_back(stripe) == []
    with clock.travelled(timedelta(hours=25)):
        reconcile.everything()
        assert given_back(stripe) == [14500]


@pytest.mark.parametrize("amount", ["0", "-5", "145.01", "nothing", "1e9"])
def test_no_more_than_was_paid(subscribed, olga, stripe, amount):
    olga.post(STAFF, {"invoice": invoice(olga), "amount": amount})
    assert given_back(stripe) == []


def test_nobody_else_gives_money_back(people, subscribed, stripe):
    assert subscribed.get(STAFF).status_code == 404
    assert Client().get(STAFF).status_code == 302


def test_the_portal_is_stripes_own(subscribed, stripe):
    page = subscribed.get(f"{PAGE}portal/").content.decode()
    assert "Continue at Stripe" in page
    assert re.search(r'href="http://127[^"]+"', page)


def test_a_coupon_and_a_tax_number_are_given_at_stripe_and_stay_there(people, signed_in, stripe):
    owner = signed_in(people.alice)
    coupon = stripe.world.add("coupon", "half", **HALF)
    code = {"active": True, "code": "HALF", "promotion": {"type": "coupon", "coupon": coupon["id"]}}
    stripe.world.add("promotion_code", "promo_half", **{**CODE, **code})
    pay(away(owner), code="HALF", tax_type="eu_vat", tax_value="FRAB123456789")
    owner.get(f"{PAGE}back/")
    assert entitled(people.org).plan.id == "pro"
    assert "€43.50" in owner.get(f"{PAGE}live/").content.decode()
    (tax,) = stripe.world.all("tax_id")
    assert tax["value"] == "FRAB123456789"


HALF = {
    "amount_off": None, "applies_to": None, "created": 0, "currency": None, "currency_options": None, "duration": "once",
    "duration_in_months": None, "livemode": False, "max_redemptions": None, "metadata": {}, "name": "Half", "percent_off": 50.0,
    "redeem_by": None, "times_redeemed": 0, "valid": True,
}  # fmt: skip
CODE = {
    "created": 0, "customer": None, "expires_at": None, "livemode": False, "max_redemptions": None, "metadata": {},
    "restrictions": {"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None},
    "times_redeemed": 0,
}  # fmt: skip


def test_the_api_does_what_the_pages_do(people, stripe):
    scopes = ["plan.read", "billing.read", "billing.change"]
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="owner", scopes=scopes))
    machine = Client(headers={"Authorization": f"Bearer {text}"})

    def call(method, path="subscription", body=None):
        return getattr(machine, method)(f"/api/v1/plan/{path}", data=body, content_type="application/json")

    assert call("get").json() is None
    begun = call("post", body={"seats": 3, "period": "month", "currency": "EUR"})
    assert begun.status_code == 201
    pay(begun.json()["pay_at"])
    stripe.settle()
    follow_all()
    assert call("get").json()["seats"] == 3
    assert call("patch", body={"seats": 4}).json()["seats"] == 4
    assert call("patch", body={"seats": 1}).status_code == 409
    assert call("patch", body={}).status_code == 422
    assert call("patch", body={"period": "year"}).status_code == 200
    assert call("delete").json()["ends_at"]
    assert call("delete").status_code == 409
    assert call("post", "subscription/resumption").json()["ends_at"] is None
    told = call("get", "invoices").json()
    assert {row["status"] for row in told["items"]} == {"paid"}
    assert told["pay_at"] == ""
    stripe.toxics.lost = 1
    assert call("delete").status_code == 503
    stripe.toxics.lost = 0
    with clock.travelled(timedelta(minutes=11)):
        reconcile.everything()
    assert bought(people.org).ends
