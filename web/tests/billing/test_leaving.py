"""An organization that goes: nothing is charged any more, its providers forget who it was, and late notices are nobody's."""

import json
from datetime import timedelta

import pytest
from billing.test_razorpay import subscribe
from billing.test_stripe import away, bought
from procrastinate.contrib.django.models import ProcrastinateJob
from selling import follow_all, mandate, pay

from vallum_web.billing.models import BillingAccount, BillingEventInbox, PurgedCustomer, SubscriptionMirror
from vallum_web.billing.services import alarms, inbox, leaving, reconcile
from vallum_web.billing.wire import NoAnswerError
from vallum_web.privacy.erasure import purge, services
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


def leave(org):
    """What a deletion does when its day has come: note, delete our rows, and have the providers forget."""
    facts = json.loads(json.dumps(leaving.gather(org.pk)))
    with scope(org.pk):
        SubscriptionMirror.objects.of(org).delete()
        BillingAccount.objects.of(org).delete()
    told = leaving.erase(org.pk, facts)
    assert leaving.erase(org.pk, facts).partition(",")[0] == told.partition(",")[0], "again after a crash: the same"
    return told


def dropped():
    return list(BillingEventInbox.objects.filter(state="dropped").values_list("object_id", flat=True))


def test_stripe_forgets_its_customer(people, at_stripe):
    (customer,) = at_stripe.world.all("customer")
    assert leave(people.org).startswith("Stripe: 1 subscriptions are over, the customer is deleted")
    assert at_stripe.world.all("customer") == []
    assert [sub["status"] for sub in at_stripe.world.all("subscription")] == ["canceled"]
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
    told = leave(people.org)
    assert told.startswith("Razorpay: 1 subscriptions are over, 1 mandates are cancelled and deleted")
    assert "deletes no customer" in told
    assert (customer["name"], customer["contact"]) == ("Deleted", "+910000000000")
    assert customer["email"].endswith("@deleted.invalid")
    assert at_razorpay.world.all("token") == []
    assert "token.cancelled" in [told["event"] for told in at_razorpay.world.told]
    assert [sub["status"] for sub in at_razorpay.world.all("subscription")] == ["cancelled"]
    with clock.travelled(timedelta(days=40)):
        at_razorpay.settle()
        follow_all()
        reconcile.everything()
    assert len(dropped()) >= 1
    with scope(people.org.pk):
        assert not BillingAccount.objects.of(people.org).exists(), "nothing late brings it back"


def test_a_provider_that_does_not_answer_is_asked_again(people, at_stripe):
    at_stripe.toxics.down_until = (clock.now() + timedelta(hours=1)).timestamp()
    facts = leaving.gather(people.org.pk)
    with pytest.raises(NoAnswerError):
        leaving.erase(people.org.pk, facts)
    with clock.travelled(timedelta(hours=2)):
        leaving.erase(people.org.pk, facts)
        assert at_stripe.world.all("customer") == []


def test_without_its_key_a_person_has_to_do_it(people, at_stripe, settings):
    settings.BILLING = {}
    assert "still to be ended at its dashboard" in leave(people.org)


def test_who_never_bought_anything_leaves_nothing(people):
    assert leave(people.org) == "no payment provider knows it"


def test_a_tombstone_lasts_as_long_as_notices_are_known(people, at_stripe):
    leave(people.org)
    with clock.travelled(inbox.KEPT_FOR - timedelta(days=1)):
        leaving.prune(clock.now() - inbox.KEPT_FOR)
        assert PurgedCustomer.objects.count() == 1
    with clock.travelled(inbox.KEPT_FOR + timedelta(days=1)):
        leaving.prune(clock.now() - inbox.KEPT_FOR)
        assert PurgedCustomer.objects.count() == 0


@pytest.mark.parametrize("shop", ["at_stripe", "at_razorpay"])
def test_what_is_being_deleted_renews_no_more(people, shop, request):
    shop, org = request.getfixturevalue(shop), people.org
    end = bought(org).mirror.period_end
    leaving.stop(org.pk)
    jobs = ProcrastinateJob.objects.filter(task_name=leaving.STOP)
    for job in jobs:
        leaving.stopped(**job.args)
    assert jobs.count() == 1
    for _ in range(2):  # had back in time, it is shown as cancelled
        reconcile.everything()
        assert bought(org).ends
    with clock.travelled(end - clock.now() + timedelta(hours=2)):
        shop.settle()
        follow_all()
        reconcile.everything()
        assert bought(org) is None
    assert len(shop.world.all("invoice")) == 1


def test_what_was_never_paid_ends_at_once(people, signed_in, razorpay):
    subscribe(signed_in(people.alice))
    reconcile.everything()
    (sub,) = razorpay.world.all("subscription")
    leaving.stopped("razorpay", sub["id"], "1")
    assert sub["status"] == "cancelled"


@pytest.mark.policy("PP-4c", "PP-6c")
@pytest.mark.parametrize("shop", ["at_stripe", "at_razorpay"])
def test_from_the_wish_to_the_receipt(people, shop, request):
    shop = request.getfixturevalue(shop)
    end = bought(people.org).mirror.period_end
    made = services.ask_for_org(people.org, people.alice)
    for job in ProcrastinateJob.objects.filter(task_name=leaving.STOP):
        leaving.stopped(**job.args)
    shop.settle()
    follow_all()
    with clock.travelled(timedelta(hours=2)):
        assert "parked" not in alarms.sound(reconcile.everything()), "whose it is is known: nobody has to look"
    with clock.travelled(max(end - clock.now(), timedelta(days=30)) + timedelta(hours=1)):
        shop.settle()
        done = purge.purge(made.pk)
        assert "1 subscriptions are over" in done.done["party billing"]
        assert [sub["status"] for sub in shop.world.all("subscription")] in (["canceled"], ["cancelled"])
        assert all(customer["email"].endswith(".invalid") for customer in shop.world.all("customer"))
        assert len(shop.world.all("invoice")) == 1, "it was not renewed"
        if hasattr(shop.world, "tell"):  # at Stripe the customer's end is told by itself
            shop.world.tell("subscription.charged", subscription=shop.world.all("subscription")[0])
        shop.settle()
        reconcile.everything()
        assert "parked" not in alarms.sound(reconcile.everything())
        assert len(dropped()) >= 1
