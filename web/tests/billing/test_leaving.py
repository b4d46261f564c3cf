"""An organization that goes: nothing is charged any more, its providers forget who it was, and late notices are nobody's."""

from datetime import timedelta

import pytest
from billing.test_razorpay import subscribe
from billing.test_stripe import away, bought
from selling import follow_all, mandate, pay

from vallum_web.billing.models import BillingAccount, BillingEventInbox, PurgedCustomer, SubscriptionMirror
from vallum_web.billing.services import inbox, leaving, reconcile
from vallum_web.billing.wire import NoAnswerError
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope


@pytest.fixture
def at_stripe(people, signed_in, stripe):
    pay(away(signed_in(people.alice)))
    return settled(stripe)


@pytest.fixture
def at_razorpay(people, signed_in, razorpay):
    mandate(subscribe(signed_in(people.alice)), "upi")
    return settled(razorpay)


def settled(shop):
    shop.settle()
    follow_all()
    return shop


def forget(org):
    """What the erasure does of our rows, once `leave` came back."""
    with scope(org.pk):
        SubscriptionMirror.objects.of(org).delete()
        BillingAccount.objects.of(org).delete()


def dropped():
    return list(BillingEventInbox.objects.filter(state="dropped").values_list("object_id", flat=True))


def test_stripe_forgets_its_customer(people, at_stripe):
    (customer,) = at_stripe.world.all("customer")
    (left,) = leaving.leave(people.org.pk)
    assert (left.provider, left.whole) == ("stripe", True)
    assert left.done[0] == "1 subscriptions are over"
    assert at_stripe.world.all("customer") == []
    assert [sub["status"] for sub in at_stripe.world.all("subscription")] == ["canceled"]
    assert bought(people.org) is None
    assert leaving.leave(people.org.pk) == (left,), "again after a crash: the same"
    forget(people.org)
    at_stripe.settle()
    follow_all()
    assert "customer.subscription.deleted" in BillingEventInbox.objects.values_list("type", flat=True)
    assert set(dropped()) == {""}
    assert len(dropped()) >= 2
    assert not BillingEventInbox.objects.filter(object_id__in=[customer["id"]]).exists()
    before = len(dropped())
    assert reconcile.everything()["dropped"] == before
    with scope(people.org.pk):
        assert not BillingAccount.objects.of(people.org).exists()


def test_razorpay_writes_over_its_customer(people, at_razorpay):
    (customer,) = at_razorpay.world.all("customer")
    (left,) = leaving.leave(people.org.pk)
    assert left.done[:2] == ("1 subscriptions are over", "1 mandates are cancelled and deleted")
    assert "deletes no customer" in left.done[2]
    assert (customer["name"], customer["contact"]) == ("Deleted", "+910000000000")
    assert customer["email"].endswith("@deleted.invalid")
    assert at_razorpay.world.all("token") == []
    assert "token.cancelled" in [told["event"] for told in at_razorpay.world.told]
    assert [sub["status"] for sub in at_razorpay.world.all("subscription")] == ["cancelled"]
    again = leaving.leave(people.org.pk)
    assert again[0].done[1] == "0 mandates are cancelled and deleted"
    forget(people.org)
    with clock.travelled(timedelta(days=40)):
        at_razorpay.settle()
        follow_all()
        reconcile.everything()
    assert len(dropped()) >= 1
    with scope(people.org.pk):
        assert not BillingAccount.objects.of(people.org).exists(), "nothing late brings it back"


def test_a_provider_that_does_not_answer_is_asked_again(people, at_stripe):
    at_stripe.toxics.down_until = (clock.now() + timedelta(hours=1)).timestamp()
    with pytest.raises(NoAnswerError):
        leaving.leave(people.org.pk)
    with clock.travelled(timedelta(hours=2)):
        assert leaving.leave(people.org.pk)[0].whole
        assert at_stripe.world.all("customer") == []


def test_without_its_key_a_person_has_to_do_it(people, at_stripe, settings):
    settings.BILLING = {}
    (left,) = leaving.leave(people.org.pk)
    assert not left.whole
    assert "dashboard" in left.done[0]


def test_who_never_bought_anything_leaves_nothing(people):
    assert leaving.leave(people.org.pk) == ()


def test_a_tombstone_lasts_as_long_as_notices_are_known(people, at_stripe):
    leaving.leave(people.org.pk)
    with clock.travelled(inbox.KEPT_FOR - timedelta(days=1)):
        leaving.prune(clock.now() - inbox.KEPT_FOR)
        assert PurgedCustomer.objects.count() == 1
    with clock.travelled(inbox.KEPT_FOR + timedelta(days=1)):
        leaving.prune(clock.now() - inbox.KEPT_FOR)
        assert PurgedCustomer.objects.count() == 0
