"""Withdrawing within 14 days: it ends at once, and what is left of what was paid is given back."""

from datetime import UTC, datetime, timedelta

import making
import pytest
from billing.test_razorpay import subscribe
from billing.test_stripe import away, bought, entitled, letters
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from mailing import mails
from selling import follow_all, mandate, pay

from vallum_web.accounts import tokens
from vallum_web.accounts.services import staff
from vallum_web.billing.models import BillingCommand
from vallum_web.billing.services import reconcile, withdrawal
from vallum_web.billing.services.flows import NotNowError
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

PAGE = "/acme/settings/plan/"
DAY = timedelta(days=1)
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("used", "back"),
    [(0, 8700), (10, 5800), (14, 4640), (29.999, 1), (30, 0), (45, 0), (-1, 8700)],
)
def test_what_is_left_is_given_back(used, back):
    assert withdrawal.share(8700, NOW, NOW + 30 * DAY, NOW + used * DAY) == back


@given(st.integers(0, 10**9), st.integers(0, 366 * 86_400), st.integers(1, 366 * 86_400))
def test_never_more_than_was_paid_and_never_less_than_is_due(amount, used, whole):
    back = withdrawal.share(amount, NOW, NOW + timedelta(seconds=whole), NOW + timedelta(seconds=used))
    assert 0 <= back <= amount
    assert 0 <= back * whole - amount * max(whole - used, 0) < whole


@pytest.fixture
def owner(people, signed_in, stripe):
    browser = signed_in(people.alice)
    pay(away(browser))
    browser.get(f"{PAGE}back/")
    return browser


def refunded(shop):
    return [refund["amount"] for refund in shop.world.all("refund")]


def test_on_the_page(people, owner, stripe):
    assert "Withdraw from the contract" in owner.get(PAGE).content.decode()
    page = owner.get(f"{PAGE}withdraw/").content.decode()
    assert "€87.00" in page
    assert bought(people.org) is not None, "looking at it does nothing"
    page = owner.post(f"{PAGE}withdraw/", follow=True).content.decode()
    assert "€87.00 is given back" in page
    assert refunded(stripe) == [8700]
    assert [sub["status"] for sub in stripe.world.all("subscription")] == ["canceled"]
    assert entitled(people.org).plan.id == "free"
    assert letters("alice@example.test") == ["You withdrew from the contract about Pro for Acme"]
    assert "no subscription" in owner.post(f"{PAGE}withdraw/", follow=True).content.decode()
    assert refunded(stripe) == [8700]


def test_after_some_days_by_what_is_left_of_each_invoice(people, owner, stripe):
    org, by = people.org, people.alice.pk
    end = bought(org).mirror.period_end
    owner.post(f"{PAGE}seats/", {"seats": 5})
    with clock.travelled(10 * DAY):
        left, whole = (end - clock.now()).total_seconds(), (end - clock.now() + 10 * DAY).total_seconds()
        done = withdrawal.withdraw(org, by)
        paid = {bill["id"]: bill["total"] for bill in stripe.world.all("invoice")}
        assert len(done.parts) == len(paid) == 2
        for part in done.parts:
            assert part.amount == pytest.approx(paid[part.invoice_id] * left / whole, abs=2)
        assert sorted(refunded(stripe)) == sorted(part.amount for part in done.parts)


def test_what_a_provider_does_not_answer_is_made_up_for(people, owner, stripe):
    stripe.toxics.lost = 0
    found = withdrawal.right(people.org)
    answered = stripe.fake.doors.protocol

    def without(asked):
        if asked.method in {"DELETE", "POST"}:
            stripe.toxics.lost = 1
        return answered(asked)

    stripe.fake.doors.protocol = without
    assert withdrawal.withdraw(people.org, people.alice.pk).parts == found.parts
    stripe.fake.doors.protocol, stripe.toxics.lost = answered, 0
    with clock.travelled(timedelta(minutes=20)):
        reconcile.everything()
        follow_all()
    assert refunded(stripe) == [8700]
    assert entitled(people.org).plan.id == "free"
    with scope(people.org.pk):
        rows = BillingCommand.objects.of(people.org).filter(kind__in=["end", "refund"])
        assert {row.state for row in rows} == {"done"}


def test_what_stripe_does_not_give_back_a_person_is_told_of(people, owner, stripe):
    staff.add_operator(making.person("olga@example.test", name="Olga"))
    (charge,) = stripe.world.all("charge")
    charge["disputed"] = True
    withdrawal.withdraw(people.org, people.alice.pk)
    assert entitled(people.org).plan.id == "free"
    assert refunded(stripe) == []
    (mail,) = mails(to="olga@example.test", kind="operation")
    assert "does not give back €87.00" in mail.text


@pytest.mark.parametrize(
    ("typed", "days", "why"),
    [
        pytest.param({}, 14, "The 14 days ended", id="too late"),
        pytest.param({"country": "US"}, 1, "in the European Union", id="elsewhere"),
        pytest.param({"tax_type": "eu_vat", "tax_value": "FRAB123456789"}, 1, "without a tax number", id="a business"),
    ],
)
def test_who_may_not(people, signed_in, stripe, typed, days, why):
    browser = signed_in(people.alice)
    pay(away(browser), **typed)
    browser.get(f"{PAGE}back/")
    with clock.travelled(days * DAY), pytest.raises(NotNowError, match=why):
        withdrawal.withdraw(people.org, people.alice.pk)
    assert refunded(stripe) == []
    assert entitled(people.org).plan.id == "pro"


def test_at_razorpay_it_is_said_how(people, signed_in, razorpay):
    owner = signed_in(people.alice)
    mandate(subscribe(owner))
    owner.get(f"{PAGE}back/")
    assert "Withdraw" not in owner.get(PAGE).content.decode()
    assert "paid in rupees" in owner.get(f"{PAGE}withdraw/", follow=True).content.decode()


def test_over_the_api(people, owner, stripe):
    scopes = ["billing.read", "billing.change"]
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="owner", scopes=scopes))
    machine = Client(headers={"Authorization": f"Bearer {text}"})
    answer = machine.post("/api/v1/plan/subscription/withdrawal")
    assert (answer.status_code, answer.json()) == (200, {"given_back": 8700, "currency": "EUR"})
    assert machine.post("/api/v1/plan/subscription/withdrawal").status_code == 409
