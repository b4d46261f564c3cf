"""A payment provider that answers nothing for two days, over the end of what was paid: nobody is locked out, and all catches up."""

from datetime import timedelta

import pytest
from billing.test_proof import agrees as stripe_agrees
from billing.test_proof_rupees import agrees as razorpay_agrees
from billing.test_razorpay import subscribe
from billing.test_stripe import away, bought, entitled, later
from selling import follow_all, mandate, pay

from vallum_web.billing.models import BillingCommand, BillingEventInbox
from vallum_web.billing.services import reconcile
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

PAGE = "/acme/settings/plan/"
HOUR = timedelta(hours=1)


@pytest.fixture(params=["stripe", "razorpay"])
def shop(request, people, signed_in):
    """A provider, at which Alice pays for five seats by the month."""
    found = request.getfixturevalue(request.param)
    owner = signed_in(people.alice)
    if request.param == "stripe":
        pay(away(owner, seats=5))
    else:
        mandate(subscribe(owner, seats=5))
    owner.get(f"{PAGE}back/")
    found.settle()
    follow_all()
    found.name = request.param
    found.agrees = stripe_agrees if request.param == "stripe" else razorpay_agrees
    return found


def commands(org):
    with scope(org.pk):
        return dict(
            BillingCommand.objects.of(org).exclude(kind__in=["customer", "checkout"]).values_list("kind", "state")
        )


def test_two_days_without_an_answer(shop, people, signed_in):
    org, end = people.org, bought(people.org).mirror.period_end
    begins = end - clock.now() - 24 * HOUR
    shop.toxics.down_until = (clock.now() + begins + 48 * HOUR).timestamp()
    asked = {"more": 2, "cancel": 30}
    for hour in range(1, 48, 5):
        with later(begins + hour * HOUR, signed_in, people.alice) as owner:
            assert shop.settle() == 0
            reconcile.everything()
            follow_all()
            assert (entitled(org).plan.id, entitled(org).read_only) == ("pro", False)
            assert owner.get("/acme/").status_code == 200
            assert owner.get(PAGE).status_code == 200
            assert owner.get(f"{PAGE}live/").status_code == 200
            if asked.get("more", 99) <= hour:
                del asked["more"]
                page = owner.post(f"{PAGE}seats/", {"seats": 6}, follow=True).content.decode()
                assert "has not answered yet" in page
            if asked.get("cancel", 99) <= hour:
                del asked["cancel"]
                assert "has not answered yet" in owner.post(f"{PAGE}cancel/", follow=True).content.decode()
            assert "sent" in set(commands(org).values()) or hour < 6
    assert clock.now() + begins + 48 * HOUR > end
    with clock.travelled(begins + 49 * HOUR):
        shop.settle()
        follow_all()
        for _ in range(2):
            reconcile.everything()
        assert commands(org) == {"change": "done", "cancel": "done"}
        assert entitled(org).plan.id == "pro"
        assert bought(org).mirror.seats == 6
        assert bought(org).mirror.period_end > end, "it was renewed meanwhile"
        assert bought(org).ends
        shop.agrees(org, shop)
        assert reconcile.everything()["drift"] == 0
        assert not BillingEventInbox.objects.filter(state="waiting").exists()
    last = bought(org).mirror.period_end
    with clock.travelled(last - clock.now() + 2 * HOUR):
        shop.settle()
        reconcile.everything()
        assert entitled(org).plan.id == "free"


def test_who_asks_a_silent_provider_about_many_stops_soon(shop, people, monkeypatch):
    shop.toxics.down_until = (clock.now() + HOUR).timestamp()
    keys = [people.org.pk] * 9
    monkeypatch.setattr("vallum_web.tenancy.lookups.all_orgs", lambda: keys)
    before = len(shop.fake.doors.log)
    reconcile.everything()
    assert len(shop.fake.doors.log) - before <= reconcile.ENOUGH + 2
