"""From one provider to the other: cancelled there at the end of what is paid, begun here from then on, and no day between."""

from datetime import timedelta

import pytest
from billing import test_razorpay, test_stripe
from billing.test_stripe import PAGE, bought, entitled, later
from selling import follow_all, mandate, pay

from vallum_web.billing.models import SubscriptionMirror
from vallum_web.billing.services import reconcile
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

FORMS = {"stripe": "EUR", "razorpay": "INR"}


def buy(browser, provider, seats=3):
    form = {"seats": seats, "period": "month", "currency": FORMS[provider]}
    answer = browser.post(f"{PAGE}subscribe/", form)
    if provider == "stripe":
        pay(test_stripe.leading(browser, answer))
    else:
        mandate(test_razorpay.away(browser, answer), "upi")
    browser.get(f"{PAGE}back/")


def told(both):
    for shop in (both.stripe, both.razorpay):
        shop.settle()
    follow_all()
    reconcile.everything()


@pytest.mark.parametrize(("old", "new"), [("stripe", "razorpay"), ("razorpay", "stripe")])
def test_it_ends_there_and_begins_here(people, both, signed_in, old, new):
    owner, org = signed_in(people.alice), people.org
    buy(owner, old)
    assert "Subscribe with another provider" not in owner.get(PAGE).content.decode()
    owner.post(f"{PAGE}cancel/")
    page = owner.get(PAGE).content.decode()
    assert "Subscribe with another provider" in page
    assert (f'value="{FORMS[new]}"' in page, f'value="{FORMS[old]}"' in page) == (True, False)
    end = bought(org).mirror.period_end

    buy(owner, new, seats=5)
    told(both)
    page = owner.get(PAGE).content.decode()
    assert f"It ends on {end:%Y-%m-%d}. From then on there are 5 seats, by {new.capitalize()}." in page
    assert "Subscribe with another provider" not in page
    again = owner.post(f"{PAGE}subscribe/", {"seats": 3, "period": "month", "currency": FORMS[new]}, follow=True)
    assert "already that begins when this one ends" in again.content.decode()
    assert bought(org).account.provider == old
    assert entitled(org).seats == 3  # more are there when they are paid

    with clock.travelled(end - clock.now() + timedelta(minutes=1)):
        assert entitled(org).plan.id == "pro"  # before anybody tells
    with later(end - clock.now() + timedelta(hours=3), signed_in, people.alice) as browser:
        told(both)
        assert bought(org).account.provider == new
        assert (bought(org).mirror.status, bought(org).mirror.cancel_at) == ("active", None)
        assert (entitled(org).plan.id, entitled(org).seats, entitled(org).source) == ("pro", 5, new)
        with scope(org.pk):
            rows = SubscriptionMirror.objects.of(org).values_list("account__provider", "status")
            assert set(rows) == {(old, "canceled"), (new, "active")}
        shown = browser.get(f"{PAGE}live/").content.decode()
        assert ("₹9,500.00" if new == "razorpay" else "€145.00") in shown
