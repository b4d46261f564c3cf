"""Whatever becomes of the notices, in the end we say what the provider says."""

import contextlib
import random
from datetime import UTC, datetime, timedelta

import making
import pytest
from billing.test_stripe import away, bought, card, entitled, letters
from billing_hooks import stripe_event, stripe_signed
from selling import five_times, follow_all, pay, to_our_door

from vallum_web.accounts.services import staff
from vallum_web.billing.models import BillingEventInbox, SubscriptionMirror
from vallum_web.billing.seen import OVER
from vallum_web.billing.services import flows, reconcile
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

PAGE = "/acme/settings/plan/"
DAY = timedelta(days=1)
DOOR = "https://vallum.example.test/hooks/stripe/"


def agrees(org, stripe):
    """Each mirror is its subscription, and no subscription of ours is without one."""
    with scope(org.pk):
        mirrors = {row.subscription_id: row for row in SubscriptionMirror.objects.of(org)}
    theirs = {sub["id"]: sub for sub in stripe.world.all("subscription")}
    assert mirrors.keys() == theirs.keys()
    for key, sub in theirs.items():
        mirror, item = mirrors[key], sub["items"]["data"][0]
        status = {"incomplete_expired": "canceled"}.get(sub["status"], sub["status"])
        assert (mirror.status, mirror.seats) == (status, item["quantity"])
        assert mirror.period_end == datetime.fromtimestamp(item["current_period_end"], UTC)
        if mirror.status not in OVER:
            assert bool(mirror.cancel_at) == bool(sub["cancel_at"] or sub["cancel_at_period_end"])


def pays(stripe):
    return any(sub["status"] in {"active", "trialing"} for sub in stripe.world.all("subscription"))


def forge(stripe):
    """What a stranger sends who knows our door and ids of ours."""
    for sub in stripe.world.all("subscription"):
        body = stripe_event(f"forged_{sub['id']}", "customer.subscription.deleted", sub["id"])
        for secret in ("", "whsec_guessed_0123456789"):
            assert to_our_door(DOOR, stripe_signed(body, secret=secret), body) == 400


@pytest.mark.parametrize("seed", range(3))
def test_notices_lost_late_five_times_shuffled_and_forged(people, signed_in, stripe, seed):
    chance = random.Random(seed)
    owner, org, by = signed_in(people.alice), people.org, people.alice.pk
    pay(away(owner))
    stripe.toxics.change({"hooks_lost": 0.1, "hooks_shuffled": True, "hooks_delay": 3 * 86_400, "seed": seed})
    came = five_times(stripe)
    owner.get(f"{PAGE}back/")
    acts = [
        lambda: flows.set_seats(org, by, chance.randint(2, 9)),
        lambda: flows.cancel(org, by),
        lambda: flows.resume(org, by),
        lambda: card(stripe, chance.choice(["chargeCustomerFail", "visa"])),
        lambda: forge(stripe),
    ]
    ahead = timedelta()
    for _ in range(12):
        ahead += chance.randint(1, 9) * DAY
        stripe.toxics.lost = chance.choice([0, 0, 0.3])
        with clock.travelled(ahead):
            with contextlib.suppress(flows.NotNowError, NoAnswerError, RefusedError):
                chance.choice(acts)()
            stripe.settle()
            if chance.random() < 0.5:
                with contextlib.suppress(NoAnswerError):
                    follow_all()
    stripe.toxics.lost = 0
    with clock.travelled(ahead + 4 * DAY):
        stripe.settle()
        reconcile.everything()
        reconcile.everything()  # what the first one sent is answered
        agrees(org, stripe)
        assert reconcile.everything()["drift"] == 0
        assert entitled(org).plan.id == ("pro" if pays(stripe) else "free") or bought(org).mirror.status == "past_due"
        assert not BillingEventInbox.objects.filter(state="waiting").exists()
        assert not BillingEventInbox.objects.filter(event_id__startswith="evt_forged").exists()
        events = stripe.world.all("event")
        assert 0 < BillingEventInbox.objects.count() <= len(events)
        assert len(came) < len(events), "some were lost"


def test_a_subscription_that_no_notice_told_of_is_found(people, signed_in, stripe):
    stripe.toxics.hooks_lost = 1
    pay(away(signed_in(people.alice)))  # and the browser was closed
    stripe.settle()
    assert bought(people.org) is None
    told = reconcile.everything()
    assert told["missed"] > 0
    agrees(people.org, stripe)
    assert entitled(people.org).plan.id == "pro"


def test_what_names_no_organization_is_parked_and_gives_nobody_anything(people, stripe):
    body = stripe_event(1, "customer.subscription.created", "sub_of_nobody")
    assert to_our_door(DOOR, stripe_signed(body), body) == 200
    follow_all()
    assert BillingEventInbox.objects.get(event_id="evt_1").state == "parked"
    assert entitled(people.org).plan.id == "free"


def test_another_organizations_customer_is_not_ours(people, signed_in, stripe):
    pay(away(signed_in(people.alice)))
    stripe.settle()
    follow_all()
    (customer,) = stripe.world.all("customer")
    customer["metadata"]["org"] = str(people.elsewhere.pk)  # somebody wrote into the dashboard
    reconcile.everything()
    assert entitled(people.org).plan.id == "pro"


def test_a_disabled_endpoint_silence_and_members_without_a_seat_are_told_of(people, signed_in, stripe):
    staff.add_operator(making.person("olga@example.test", name="Olga"))
    pay(away(signed_in(people.alice), seats=3))
    stripe.settle()
    follow_all()
    assert alarms(people.org) == ([], [])
    (endpoint,) = stripe.world.all("webhook_endpoint")
    endpoint["status"] = "disabled"
    assert alarms(people.org) == (["disabled/stripe"], [])
    end = bought(people.org).mirror.period_end
    with clock.travelled(end - clock.now() + timedelta(hours=3)):
        stripe.settle()
        (sub,) = stripe.world.all("subscription")
        sub["items"]["data"][0]["quantity"] = 1  # somebody at the dashboard
        names, told = alarms(people.org)
        assert names == ["silent/stripe", "disabled/stripe", "over"]
        assert told == ["Acme has more members than seats"]
        assert alarms(people.org)[1] == told, "once"
    assert len(letters("olga@example.test", "operation")) == 4, "each once a day"


def alarms(org):
    """What the hourly comparison raises, and what Acme's owner is told of it."""
    with capture(reconcile.alarms) as names:
        reconcile.everything()
    assert org.name == "Acme"
    return names, [subject for subject in letters("alice@example.test") if "seats" in subject]


@contextlib.contextmanager
def capture(module):
    """What `sound` answers."""
    names, real = [], module.sound
    module.sound = lambda told: names.extend(real(told))
    try:
        yield names
    finally:
        module.sound = real
