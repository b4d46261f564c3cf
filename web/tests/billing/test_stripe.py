"""The life of a subscription at Stripe, through our pages and its own."""

import re
from contextlib import contextmanager
from datetime import timedelta

import making
import pytest
from mailing import mails
from selling import follow_all, pay

from vallum_web.accounts import services
from vallum_web.accounts.models import Membership
from vallum_web.billing import queries
from vallum_web.billing.models import BillingAccount, BillingCommand, InvoiceRef, SubscriptionMirror
from vallum_web.billing.services import reconcile, refresh
from vallum_web.tenancy import clock, entitlements
from vallum_web.tenancy.plans import Given
from vallum_web.tenancy.scope import scope

PAGE = "/acme/settings/plan/"
DAY = timedelta(days=1)


@contextmanager
def later(by, signed_in, person):
    """A journey ends sessions: whoever looks afterwards signs in anew."""
    with clock.travelled(by):
        yield signed_in(person)


def entitled(org):
    with scope(org.pk):
        return entitlements.of(org)


def bought(org):
    with scope(org.pk):
        return queries.bought(org)


def away(browser, seats=3, period="month"):
    """Subscribe on our page; where Stripe's is."""
    return leading(browser, browser.post(f"{PAGE}subscribe/", {"seats": seats, "period": period, "currency": "EUR"}))


def leading(browser, answer):
    page = browser.get(answer.headers["Location"]).content.decode()
    return re.search(r'href="(http://127[^"]+/c/pay/[^"]+)"', page)[1]


@pytest.fixture
def owner(people, signed_in, stripe):
    return signed_in(people.alice)


@pytest.fixture
def subscribed(owner, people, stripe):
    """Alice pays for three seats by the month."""
    pay(away(owner))
    owner.get(f"{PAGE}back/")
    stripe.settle()
    follow_all()
    return people.org


def test_from_free_to_pro(owner, people, stripe):
    org = people.org
    assert "Subscribe to Pro" in owner.get(PAGE).content.decode()
    url = away(owner)
    back = pay(url)
    assert back.headers["Location"] == f"https://vallum.example.test{PAGE}back/"
    assert entitled(org).plan.id == "free"  # until Stripe says so itself
    page = owner.get(f"{PAGE}back/", follow=True).content.decode()
    assert "Acme has 3 seats of Pro" in page
    assert (entitled(org).plan.id, entitled(org).seats) == ("pro", 3)
    with scope(org.pk):
        account = BillingAccount.objects.of(org).get()
        mirror = SubscriptionMirror.objects.of(org).get()
        assert (account.region, account.currency, mirror.status) == ("FR", "EUR", "active")
        assert InvoiceRef.objects.of(org).get().status == "paid"
    shown = owner.get(f"{PAGE}live/").content.decode()
    assert "€87.00" in shown
    assert "Paid by the month" in shown


def test_nobody_pays_and_nothing_is_given(owner, people, stripe):
    assert pay(away(owner), "4000 0000 0000 0002").status_code == 400
    page = owner.get(f"{PAGE}back/", follow=True).content.decode()
    assert "knows of no payment yet" in page
    assert entitled(people.org).plan.id == "free"


def test_the_bank_asks_who_pays(owner, people, stripe):
    assert pay(away(owner), "4000 0027 6000 3184", proves=False).status_code == 400
    assert entitled(people.org).plan.id == "free"
    pay(away(owner), "4000 0025 0000 3155")
    stripe.settle()
    follow_all()  # nobody came back: the notice alone tells
    assert entitled(people.org).plan.id == "pro"


def test_a_second_subscription_is_refused(owner, subscribed):
    answer = owner.post(f"{PAGE}subscribe/", {"seats": 3, "period": "month", "currency": "EUR"}, follow=True)
    assert "There is a subscription already" in answer.content.decode()


def test_more_seats_are_paid_at_once_and_there_at_once(owner, subscribed, people, signed_in):
    with later(15 * DAY, signed_in, people.alice) as browser:
        page = browser.get(f"{PAGE}seats/?seats=5").content.decode()
        cost = re.search(r"<b>€([0-9.]+)</b> is charged now", page)
        assert 25 < float(cost[1]) < 33  # two seats for half a month
        at = re.search(r'name="at" value="(\d+)"', page)[1]
        page = browser.post(f"{PAGE}seats/", {"seats": 5, "at": at}, follow=True).content.decode()
        assert "Acme has 5 seats now" in page
        assert entitled(subscribed).seats == 5
        assert f"€{cost[1]}" in browser.get(f"{PAGE}live/").content.decode()


def test_fewer_seats_come_with_the_next_invoice(owner, subscribed, stripe, people, signed_in):
    answer = owner.post(f"{PAGE}seats/", {"seats": 1}, follow=True).content.decode()
    assert "Acme has 2 members: remove 1 first" in answer
    answer = owner.post(f"{PAGE}seats/", {"seats": 2}, follow=True).content.decode()
    assert "there are 2 seats" in answer
    assert entitled(subscribed).seats == 3
    end = bought(subscribed).mirror.period_end
    with later(end - clock.now() - timedelta(hours=12), signed_in, people.alice) as browser:
        reconcile.everything()
        assert bought(subscribed).mirror.seats == 2
    with later(end - clock.now() + DAY, signed_in, people.alice) as browser:
        stripe.settle()
        follow_all()
        with scope(subscribed.pk):
            assert InvoiceRef.objects.of(subscribed).filter(status="paid").count() == 2
        assert "€58.00" in browser.get(f"{PAGE}live/").content.decode()


def test_a_planned_change_is_taken_back(owner, subscribed):
    owner.post(f"{PAGE}seats/", {"seats": 2})
    page = owner.get(PAGE).content.decode()
    path = re.search(r'action="([^"]+/take-back/)"', page)[1]
    assert "is taken back" in owner.post(path, follow=True).content.decode()
    with clock.travelled(bought(subscribed).mirror.period_end - clock.now() - timedelta(hours=2)):
        reconcile.everything()
    assert bought(subscribed).mirror.seats == 3


def test_by_the_year(owner, subscribed):
    answer = owner.post(f"{PAGE}period/", {"period": "year"}, follow=True).content.decode()
    assert "It is paid by the year from now on" in answer
    assert bought(subscribed).mirror.period_end > clock.now() + 360 * DAY
    assert "by the year already" in owner.post(f"{PAGE}period/", {"period": "year"}, follow=True).content.decode()


def test_cancelled_it_lasts_as_long_as_it_is_paid_and_can_be_taken_back(owner, people, subscribed, stripe):
    answer = owner.post(f"{PAGE}cancel/", follow=True).content.decode()
    end = bought(subscribed).mirror.period_end
    assert f"it ends on {end:%Y-%m-%d}" in answer
    assert entitled(subscribed).until == end
    assert "goes on" in owner.post(f"{PAGE}resume/", follow=True).content.decode()
    assert not bought(subscribed).ends
    owner.post(f"{PAGE}cancel/")
    with clock.travelled(end - clock.now() + timedelta(hours=1)):
        assert entitled(subscribed).plan.id == "free"  # by itself, whoever tells us when
        stripe.settle()
        follow_all()
        assert bought(subscribed) is None
        assert entitled(subscribed).plan.id == "free"
        with scope(subscribed.pk):
            ended = SubscriptionMirror.objects.of(subscribed).get().cancel_at
        assert abs(ended - end) < timedelta(hours=1)


def test_what_is_not_paid_is_said_and_then_read_only_and_then_free(
    owner, people, subscribed, stripe, settings, signed_in
):
    card(stripe, "chargeCustomerFail")
    end = bought(subscribed).mirror.period_end
    with later(end - clock.now() + timedelta(hours=3), signed_in, people.alice) as browser:
        stripe.settle()
        follow_all()
        assert bought(subscribed).mirror.status == "past_due"
        assert "did not go through" in browser.get("/acme/").content.decode()
        assert letters("alice@example.test") == ["A payment for Acme failed"]
        reconcile.everything()
        assert len(letters("alice@example.test")) == 1  # each step once
        assert browser.post("/acme/assets/add/", {"url": "x"}).status_code == 422
        since = bought(subscribed).owed_since
    with later(since - clock.now() + 3 * DAY + timedelta(hours=1), signed_in, people.alice) as browser:
        reconcile.everything()
        assert len(letters("alice@example.test")) == 2
    with later(since - clock.now() + 22 * DAY, signed_in, people.alice) as browser:
        assert entitled(subscribed).read_only or entitled(subscribed).plan.id == "free"
        stripe.settle()
        reconcile.everything()
        assert entitled(subscribed).plan.id == "free"
        assert letters("alice@example.test")[-1] == "Acme is on Free: its subscription ended"


def test_paid_late_all_is_as_before(owner, subscribed, stripe, people, signed_in):
    card(stripe, "chargeCustomerFail")
    end = bought(subscribed).mirror.period_end
    with later(end - clock.now() + timedelta(hours=3), signed_in, people.alice) as browser:
        stripe.settle()
        follow_all()
        shown = browser.get(f"{PAGE}live/").content.decode()
        pay(re.search(r'href="(http://127[^"]+/i/[^"]+)"', shown)[1])
        stripe.settle()
        follow_all()
        assert bought(subscribed).mirror.status == "active"
        assert not bought(subscribed).owed_since


def test_members_come_in_up_to_the_seats_that_are_paid(people, subscribed):
    services.join(subscribed, making.person("dana@example.test"), Membership.Role.DEVELOPER)
    with pytest.raises(entitlements.PlanFullError, match="an owner has to add a seat first"):
        services.join(subscribed, making.person("erin@example.test"), Membership.Role.DEVELOPER)


def test_a_trial_is_once_and_the_first_payment_waits_for_its_end(owner, people, stripe):
    assert "Pro is yours for 14 days" in owner.post(f"{PAGE}trial/", follow=True).content.decode()
    assert entitled(people.org).source == "trial"
    assert "tried before" in owner.post(f"{PAGE}trial/", follow=True).content.decode()
    entitlements.give(people.elsewhere, Given(source="grant", plan="pro"))
    assert not refresh.begin_trial(people.elsewhere, people.charlie.pk)  # there is nothing to try
    until = entitled(people.org).until
    pay(away(owner))
    owner.get(f"{PAGE}back/")
    assert bought(people.org).mirror.status == "trialing"
    with clock.travelled(15 * DAY):
        stripe.settle()
        follow_all()
        assert bought(people.org).mirror.status == "active"
        assert abs(bought(people.org).mirror.trial_end - until) < timedelta(seconds=2)


def test_an_answer_that_is_lost_is_asked_for_again_and_done_once(owner, subscribed, stripe):
    stripe.toxics.lost = 1
    answer = owner.post(f"{PAGE}cancel/", follow=True).content.decode()
    assert "has not answered yet" in answer
    stripe.toxics.lost = 0
    with clock.travelled(timedelta(minutes=20)):
        assert reconcile.organization(subscribed.pk)["answered"] == 1
    assert bought(subscribed).ends
    with scope(subscribed.pk):
        assert BillingCommand.objects.of(subscribed).get(kind="cancel").state == "done"


def test_a_provider_that_is_down_locks_nobody_out(owner, subscribed, stripe, people, signed_in):
    end = bought(subscribed).mirror.period_end
    stripe.toxics.down_until = 1e12
    with later(end - clock.now() + 6 * DAY, signed_in, people.alice) as browser:
        reconcile.everything()
        assert entitled(subscribed).plan.id == "pro"
        assert "does not answer" in browser.get(f"{PAGE}live/").content.decode()
    with later(end - clock.now() + 8 * DAY, signed_in, people.alice) as browser:
        assert entitled(subscribed).plan.id == "free"


def card(stripe, word):
    """From the next payment on the customer's card is another one."""
    from dev.fakes.stripe.cards import method  # noqa: PLC0415 - of the fake alone

    (customer,) = stripe.world.all("customer")
    (sub,) = stripe.world.all("subscription")
    new = method(stripe.world, f"pm_card_{word}", "payment_method")
    new["customer"] = customer["id"]
    sub["default_payment_method"] = new["id"]
    customer["invoice_settings"]["default_payment_method"] = new["id"]


def letters(address, kind="billing"):
    return [mail.subject for mail in mails(to=address, kind=kind)]
