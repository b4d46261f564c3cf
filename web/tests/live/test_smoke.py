"""The real client code, once along all that it asks of each provider.

Against the fakes, and with an operator's test keys against the providers themselves (`make live-smoke`).
"""

import os
from datetime import timedelta
from uuid import uuid4

import pytest

from dev.fakes.rate import Rate
from dev.fakes.razorpay import api as fake_razorpay
from dev.fakes.resend import api as fake_resend
from dev.fakes.stripe import api as fake_stripe
from vallum_web.billing.keys import ADDRESSES, Keys
from vallum_web.billing.models import Status
from vallum_web.billing.providers.razorpay import Razorpay
from vallum_web.billing.providers.stripe import Stripe
from vallum_web.mail import kinds, letters
from vallum_web.mail.outbox import Claimed
from vallum_web.mail.outcomes import Taken
from vallum_web.mail.resend import Resend
from vallum_web.tenancy import clock
from vallum_web.tenancy.plans import PRO
from vallum_web.tenancy.processors import queries as processors
from vallum_web.tenancy.processors.area import outside
from vallum_web.tenancy.processors.services import Stated, enter

BACK = "https://vallum.example.test/acme/settings/plan/"
where = pytest.mark.parametrize("where", ["rehearsed", "real"])


@pytest.fixture(autouse=True)
def _transfers(db):
    """Whoever brings keys answers for the contracts behind them: here they are entered, or nothing would leave."""
    today = clock.now().date()
    for party in processors.parties():
        for country in outside(party.countries):
            until = today + timedelta(days=2)
            entered = Stated(
                processor=party.id, country=country, mechanism="bcr", assessment="-", dated=today, expires=until
            )
            enter(entered, None)


def given(name: str, *starts: str) -> str:
    """What the operator supplies. A key that moves money is refused: these rounds buy and give back."""
    value = os.environ.get(name, "")
    if not value:
        pytest.skip(f"{name} is not set: an operator's own test key, by `make live-smoke`")
    assert value.startswith(starts), f"{name} is no test key: it starts with {' or '.join(starts)}."
    return value


def prices(currency):
    return {(str(each), str(period)): amount for (each, period), amount in PRO.prices.items() if each == currency}


def keys(provider, key, address=""):
    return Keys(provider=provider, key=key, secrets=("x" * 16,), address=address or ADDRESSES[provider])


@where
def test_stripe(db, monkeypatch, where):
    if where == "real":
        stripe_round(keys("stripe", given("VALLUM_LIVE_STRIPE_KEY", "sk_test_", "rk_test_")))
        return
    with fake_stripe.Stripe(rate=Rate(limit=1000)).open() as place:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", place.opening)
        stripe_round(keys("stripe", fake_stripe.KEY, place.url))


def stripe_round(at):
    to, org = Stripe(at, None), str(uuid4())
    to.offer(PRO.id, PRO.name, prices("EUR"))
    assert to.offer(PRO.id, PRO.name, prices("EUR")) == []
    customer = to.do("customer", {"org": org}, f"customer/{org}")
    assert to.do("customer", {"org": org}, f"customer/{org}") == customer
    try:
        assert str(to.whose(customer).org) == org
        wanted = {"org": org, "plan": PRO.id, "period": "month", "currency": "EUR", "seats": 3, "customer": customer}
        session = to.do("checkout", {**wanted, "back": BACK}, f"checkout/{org}")
        assert to.link("checkout", session).startswith("http")
        assert to.portal(customer, BACK).startswith("http")
        subscribed_at_stripe(to, customer, wanted)
    finally:
        to.leave(customer, [seen.subscription_id for seen in to.look(customer, ()).subscriptions])
    assert to.look(customer, ()).gone


def subscribed_at_stripe(to, customer, wanted):
    """With Stripe's own test card, in the place of a person at its page."""
    began = clock.now() - timedelta(minutes=5)
    card = to._post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer}, {})["id"]
    items = [{"price": to._price_id(wanted), "quantity": 3}]
    to._post("/v1/subscriptions", {"customer": customer, "items": items, "default_payment_method": card}, {})
    (seen,) = to.look(customer, ()).subscriptions
    assert (seen.status, seen.seats, seen.plan, to.period(seen.price_id)) == (Status.ACTIVE, 3, PRO.id, "month")
    one, at = {"subscription": seen.subscription_id}, int(clock.now().timestamp())
    cost, currency = to.preview(seen.subscription_id, {"seats": 5, "at": at})
    assert (cost > 0, currency) == (True, "EUR")
    to.do("change", {**one, "seats": 5, "at": at}, f"change/{uuid4()}")
    to.do("cancel", one, f"cancel/{uuid4()}")
    (seen,) = to.look(customer, ()).subscriptions
    assert (seen.seats, seen.cancel_at) == (5, seen.period_end)
    to.do("resume", one, f"resume/{uuid4()}")
    said = to.look(customer, ())
    assert said.subscriptions[0].cancel_at is None
    bill = next(bill for bill in said.bills if bill.amount > 100)
    to.do("refund", {"payment": to.payment(bill.invoice_id), "amount": 100}, f"refund/{uuid4()}")
    assert any(thing == seen.subscription_id for _, _, thing in to.changed(began))


@where
def test_razorpay(db, monkeypatch, where):
    if where == "real":
        razorpay_round(keys("razorpay", given("VALLUM_LIVE_RAZORPAY_KEY", "rzp_test_")))
        return
    with fake_razorpay.Razorpay().open() as place:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", place.opening)
        razorpay_round(keys("razorpay", f"{fake_razorpay.KEY}:{fake_razorpay.SECRET}", place.url))


def razorpay_round(at):
    """As far as it goes without a person at its page, who alone makes a mandate."""
    to, org = Razorpay(at, None), str(uuid4())
    began, key = clock.now() - timedelta(minutes=5), f"checkout/{uuid4()}"
    to.offer(PRO.id, PRO.name, prices("INR"))
    assert to.offer(PRO.id, PRO.name, prices("INR")) == []
    wanted = {"org": org, "plan": PRO.id, "period": "month", "currency": "INR", "seats": 3}
    assert to.find("checkout", wanted, key) is None
    made = to.do("checkout", wanted, key)
    try:
        assert to.find("checkout", wanted, key) == made
        assert to.link("checkout", made).startswith("http")
        assert str(to.whose(made).org) == org
        (seen,) = to.look("", (made,)).subscriptions
        assert (seen.status, seen.seats, to.period(seen.price_id)) == (Status.INCOMPLETE, 3, "month")
        assert made in {thing for _, _, thing in to.changed(began)}
    finally:
        to.leave("", [made])
    (seen,) = to.look("", (made,)).subscriptions
    assert seen.status == Status.CANCELED


@where
def test_resend(db, settings, monkeypatch, where):
    """To an address of Resend's own that takes every mail. The key of repetition sends it once."""
    if where == "real":
        settings.RESEND_KEY = given("VALLUM_LIVE_RESEND_KEY", "re_")
        settings.DEFAULT_FROM_EMAIL = os.environ.get("VALLUM_MAIL_FROM", "Vallum <onboarding@resend.dev>")
        resend_round()
        return
    with fake_resend.Resend(rate=Rate(limit=1000)).open() as place:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", place.opening)
        settings.RESEND_KEY, settings.RESEND_URL = fake_resend.SENDING_KEY, place.url
        settings.DEFAULT_FROM_EMAIL = "Vallum <vallum@demo.example>"
        resend_round()


def resend_round():
    mail = Claimed(
        id=uuid4(),
        kind=kinds.named("verification"),
        to="delivered@resend.dev",
        letter=letters.Letter(subject="A trial of the line", text="Nothing is to be done."),
        attempts=1,
        doubt_before=None,
        person=None,
        org=None,
    )
    first, again = Resend().hand_over(mail), Resend().hand_over(mail)
    assert isinstance(first, Taken)
    assert first == again
