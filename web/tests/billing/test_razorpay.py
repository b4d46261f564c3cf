"""The life of a subscription at Razorpay, whose mandates by UPI and of Indian cards cannot be changed."""

import re
from datetime import timedelta

import pytest
from billing.test_stripe import bought, entitled, later, letters
from billing_hooks import SECRET
from django.test import Client
from selling import follow_all, mandate

from vallum_web.accounts import tokens
from vallum_web.billing.keys import Keys
from vallum_web.billing.models import BillingCommand, BillingEventInbox, SubscriptionMirror
from vallum_web.billing.services import commands, reconcile
from vallum_web.billing.wire import RefusedError
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

PAGE = "/acme/settings/plan/"
DAY = timedelta(days=1)


def away(browser, answer):
    page = browser.get(answer.headers["Location"]).content.decode()
    return re.search(r'href="(http://127[^"]+/s/[^"]+)"', page)[1]


def subscribe(browser, seats=3, period="month"):
    form = {"seats": seats, "period": period, "currency": "INR"}
    return away(browser, browser.post(f"{PAGE}subscribe/", form))


@pytest.fixture
def owner(people, signed_in, razorpay):
    return signed_in(people.alice)


@pytest.fixture(params=["international card", "upi"])
def subscribed(owner, people, razorpay, request):
    """Alice pays for three seats by the month; the value is by what."""
    mandate(subscribe(owner), request.param)
    razorpay.settle()
    follow_all()
    return request.param


def test_from_free_to_pro(owner, people, razorpay):
    url = subscribe(owner)
    mandate(url, answer="no")
    page = owner.get(f"{PAGE}back/", follow=True).content.decode()
    assert "knows of no payment yet" in page
    assert entitled(people.org).plan.id == "free"
    mandate(url)
    page = owner.get(f"{PAGE}back/", follow=True).content.decode()
    assert "Acme has 3 seats of Pro" in page
    assert (entitled(people.org).plan.id, entitled(people.org).seats) == ("pro", 3)
    assert "₹5,700.00" in owner.get(f"{PAGE}live/").content.decode()


def test_notices_alone_tell(people, subscribed):
    assert bought(people.org).mirror.status == "active"
    assert entitled(people.org).seats == 3


def test_seats_are_changed_or_another_mandate_takes_the_place(owner, people, subscribed, razorpay, signed_in):
    end = bought(people.org).mirror.period_end
    answer = owner.post(f"{PAGE}seats/", {"seats": 5})
    if subscribed == "international card":
        assert entitled(people.org).seats == 5
        return
    mandate(away(owner, answer), "upi")
    owner.get(f"{PAGE}back/")
    assert entitled(people.org).seats == 3  # until what is paid ends
    with scope(people.org.pk):
        assert BillingCommand.objects.of(people.org).filter(kind="cancel", state="done").count() == 1
    with later(end - clock.now() + timedelta(hours=2), signed_in, people.alice):
        razorpay.settle()
        follow_all()
        reconcile.everything()
        assert entitled(people.org).seats == 5
        with scope(people.org.pk):
            rows = SubscriptionMirror.objects.of(people.org).order_by("id")
            assert [row.status for row in rows] == ["canceled", "active"]


def test_over_the_api_as_well_another_mandate_is_led_to(people, subscribed, razorpay):
    scopes = ["billing.read", "billing.change"]
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="owner", scopes=scopes))
    machine = Client(headers={"Authorization": f"Bearer {text}"})
    answer = machine.patch("/api/v1/plan/subscription", {"seats": 5}, content_type="application/json").json()
    if subscribed == "international card":
        assert (answer["seats"], answer["pay_at"]) == (5, "")
        return
    assert answer["seats"] == 3
    mandate(answer["pay_at"], "upi")
    razorpay.settle()
    follow_all()
    with scope(people.org.pk):
        assert SubscriptionMirror.objects.of(people.org).filter(status="trialing", seats=5).exists()


def test_cancelled_it_lasts_as_long_as_it_is_paid(owner, people, subscribed, razorpay):
    end = bought(people.org).mirror.period_end
    answer = owner.post(f"{PAGE}cancel/", follow=True).content.decode()
    assert f"it ends on {end:%Y-%m-%d}" in answer
    assert entitled(people.org).until == end
    assert "does not take a cancellation back" in owner.post(f"{PAGE}resume/", follow=True).content.decode()
    with clock.travelled(end - clock.now() + timedelta(hours=1)):
        assert entitled(people.org).plan.id == "free"
        razorpay.settle()
        reconcile.everything()
        assert bought(people.org) is None


def test_what_is_not_paid_is_said_and_then_read_only_and_then_free(people, subscribed, razorpay):
    end = bought(people.org).mirror.period_end
    (sub,) = razorpay.world.all("subscription")
    razorpay.world.hidden[sub["id"]]["declines"] = "insufficient_funds"
    with clock.travelled(end - clock.now() + timedelta(hours=3)):
        razorpay.settle()
        follow_all()
        assert bought(people.org).mirror.status == "past_due"
        assert letters("alice@example.test") == ["A payment for Acme failed"]
        since = bought(people.org).owed_since
    for day, plan, read_only in ((10, "pro", False), (22, "pro", True), (36, "free", False)):
        with clock.travelled(since - clock.now() + day * DAY):
            razorpay.settle()
            reconcile.everything()
            assert (entitled(people.org).plan.id, entitled(people.org).read_only) == (plan, read_only)


def test_the_five_rupees_that_try_a_mandate_are_nothing_to_look_at(owner, people, razorpay):
    owner.post(f"{PAGE}trial/")
    mandate(subscribe(owner))
    razorpay.settle()
    follow_all()
    assert bought(people.org).mirror.status == "trialing"
    states = BillingEventInbox.objects.filter(type__startswith="refund.").values_list("state", flat=True)
    assert set(states) == {"ignored"}


def test_an_answer_that_is_lost_is_looked_for_before_it_is_asked_again(owner, people, razorpay):
    razorpay.toxics.lost = 1
    owner.post(f"{PAGE}subscribe/", {"seats": 3, "period": "month", "currency": "INR"})
    razorpay.toxics.lost = 0
    with clock.travelled(timedelta(minutes=20)):
        reconcile.organization(people.org.pk)
    assert len(razorpay.world.all("subscription")) <= 1
    with scope(people.org.pk):
        assert BillingCommand.objects.of(people.org).get().state == "done"
    assert len(razorpay.world.all("subscription")) == 1


def test_what_another_process_sent_or_somebody_took_back_meanwhile_is_not_sent(owner, people, razorpay):
    org, by = people.org, people.alice.pk
    args = {"org": str(org.pk), "plan": "pro", "period": "month", "currency": "INR", "seats": 3}
    first = commands.write(org, by, "razorpay", "checkout", args)
    with scope(org.pk):
        same = BillingCommand.objects.of(org).get(pk=first.pk)
    assert commands.send(first).result_id == commands.send(same).result_id
    assert len(razorpay.world.all("subscription")) == 1
    later = commands.write(org, by, "razorpay", "checkout", args)
    assert commands.take_back(org, by, later.pk)
    with pytest.raises(RefusedError, match="taken_back"):
        commands.send(later)
    assert len(razorpay.world.all("subscription")) == 1


def test_what_waits_for_a_provider_whose_keys_are_gone_stops_nothing(owner, people, razorpay, subscribed, settings):
    args = {"subscription": bought(people.org).mirror.subscription_id, "seats": 2}
    commands.write(people.org, people.alice.pk, "razorpay", "lower", args)
    settings.BILLING = {
        "stripe": Keys(provider="stripe", key="sk_test_1", secrets=(SECRET,), address="http://127.0.0.1:9")
    }
    assert reconcile.everything()["answered"] == 0
    assert owner.get(f"{PAGE}live/").status_code == 200
    assert owner.get(PAGE).status_code == 200


def test_a_subscription_that_no_notice_told_of_is_found(owner, people, razorpay):
    razorpay.toxics.hooks_lost = 1
    mandate(subscribe(owner))
    razorpay.settle()
    assert bought(people.org) is None
    reconcile.everything()
    assert entitled(people.org).plan.id == "pro"
