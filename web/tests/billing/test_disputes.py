"""What holders of cards dispute: a queue for people who run the platform, with a mail when it begins and when it ends."""

import json

import making
import pytest
import requests
from billing.test_proof_rupees import DAY
from billing.test_razorpay import subscribe
from billing.test_stripe import away, letters
from django.test import Client
from selling import follow_all, mandate, pay

from vallum_web.accounts.services import staff
from vallum_web.billing.services import reconcile
from vallum_web.tenancy import clock

PAGE = "/operator/disputes/"
OPENED, ENDED = "A payment of Acme is disputed", "A dispute about a payment of Acme is over"


@pytest.fixture
def olga(signed_in):
    person = making.person("olga@example.test", name="Olga")
    staff.add_operator(person)
    return signed_in(person)


def told():
    return letters("olga@example.test", "operation")


def control(shop, **body):
    answer = requests.post(f"{shop.world.url}/_fake/dispute", data=json.dumps(body), timeout=10)
    assert answer.status_code == 200
    return answer.json()


def test_at_stripe(people, signed_in, stripe, olga):
    pay(away(signed_in(people.alice)), card="4000 0000 0000 0259")
    with clock.travelled(DAY / 288):
        for _ in range(2):
            stripe.settle()
            follow_all()
            reconcile.everything()
        assert told() == [OPENED]
        page = olga.get(PAGE).content.decode()
        for word in ("Acme", "fraudulent", "needs_response", "€87.00", "https://dashboard.stripe.com/disputes/"):
            assert word in page, word
        (dispute,) = stripe.world.all("dispute")
        stripe.toxics.hooks_lost = 1
        dispute["status"] = "lost"  # and no notice tells of it
        reconcile.everything()
        follow_all()
        assert told() == [OPENED, ENDED]
        page = olga.get(PAGE).content.decode()
        assert "needs_response" not in page
        assert dispute["id"] in page
        stripe.toxics.down_until = (clock.now() + DAY).timestamp()
        assert olga.get(PAGE).status_code == 200


@pytest.mark.parametrize("lost", [0, 1])
def test_at_razorpay(people, signed_in, razorpay, olga, lost):
    owner = signed_in(people.alice)
    mandate(subscribe(owner))
    owner.get("/acme/settings/plan/back/")
    razorpay.settle()
    follow_all()
    razorpay.toxics.hooks_lost = lost
    (payment,) = razorpay.world.all("payment")
    dispute = control(razorpay, payment=payment["id"])
    for _ in range(2):
        razorpay.settle()
        reconcile.everything()
        follow_all()
    assert told() == [OPENED]
    page = olga.get(PAGE).content.decode()
    for word in ("Acme", "chargeback_authorization", "₹5,700.00", dispute["id"]):
        assert word in page, word
    control(razorpay, dispute=dispute["id"], ends="won")
    for _ in range(2):
        razorpay.settle()
        reconcile.everything()
        follow_all()
    assert told() == [OPENED, ENDED]
    assert "None." in olga.get(PAGE).content.decode()


def test_nobody_else_sees_them(people, signed_in, stripe, settings):
    assert signed_in(people.alice).get(PAGE).status_code == 404
    assert Client().get(PAGE).status_code == 302


def test_where_nothing_is_sold_there_is_no_such_page(olga, settings):
    settings.BILLING = {}
    assert olga.get(PAGE).status_code == 404
    assert "Disputes" not in olga.get("/operator/").content.decode()
