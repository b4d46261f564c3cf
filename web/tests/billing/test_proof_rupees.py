"""The same at Razorpay, which lists no events, knows no keys of repetition, and disables an endpoint that failed for a day."""

import contextlib
import random
from datetime import UTC, datetime, timedelta

import making
import pytest
from billing.test_razorpay import subscribe
from billing.test_stripe import bought, entitled, letters
from billing_hooks import razorpay_event, razorpay_signed
from selling import five_times, follow_all, mandate, to_our_door

from vallum_web.accounts.services import staff
from vallum_web.billing.models import BillingEventInbox, SubscriptionMirror
from vallum_web.billing.services import flows, reconcile
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

DAY = timedelta(days=1)
DOOR = "https://vallum.example.test/hooks/razorpay/"
STATUS = {
    "created": "incomplete", "authenticated": "trialing", "pending": "past_due", "halted": "past_due",
    "cancelled": "canceled", "completed": "canceled", "expired": "canceled",
}  # fmt: skip


def agrees(org, razorpay):
    """Each mirror is its subscription, and no subscription of ours is without one."""
    with scope(org.pk):
        mirrors = {row.subscription_id: row for row in SubscriptionMirror.objects.of(org)}
    theirs = {sub["id"]: sub for sub in razorpay.world.all("subscription")}
    assert mirrors.keys() == theirs.keys()
    for key, sub in theirs.items():
        mirror = mirrors[key]
        assert (mirror.status, mirror.seats) == (STATUS.get(sub["status"], sub["status"]), sub["quantity"])
        end = sub["current_end"] or sub["charge_at"] or sub["start_at"]
        assert mirror.period_end == (datetime.fromtimestamp(end, UTC) if end else None)
        if sub["status"] in {"active", "authenticated", "pending", "halted"}:
            assert bool(mirror.cancel_at) == bool(razorpay.world.hidden[key].get("cancel"))


def pays(razorpay):
    return any(sub["status"] == "active" for sub in razorpay.world.all("subscription"))


def forge(razorpay):
    """What a stranger sends who knows our door and ids of ours."""
    for sub in razorpay.world.all("subscription"):
        body = razorpay_event("subscription.cancelled", sub["id"])
        for secret in ("", "whsec_guessed_0123456789"):
            assert to_our_door(DOOR, razorpay_signed(body, secret=secret), body) == 400


def at_the_bank(chance, razorpay):
    """The holder skips a debit, has too little there, or gives another card."""
    for sub in razorpay.world.all("subscription"):
        hidden = razorpay.world.hidden[sub["id"]]
        match chance.randrange(3):
            case 0:
                hidden["skip"] = True
            case 1:
                hidden["declines"] = "insufficient_funds"
            case _ if sub["status"] in {"pending", "halted"}:
                mandate(sub["short_url"], hidden["method"])


@pytest.mark.parametrize(("seed", "method"), [(0, "international card"), (1, "upi")])
def test_notices_lost_late_five_times_shuffled_and_forged(people, signed_in, razorpay, seed, method):
    chance = random.Random(seed)
    owner, org, by = signed_in(people.alice), people.org, people.alice.pk
    mandate(subscribe(owner), method)
    razorpay.toxics.change({"hooks_lost": 0.1, "hooks_shuffled": True, "hooks_delay": 3 * 86_400, "seed": seed})
    came = five_times(razorpay)
    owner.get("/acme/settings/plan/back/")

    def seats():
        made = flows.set_seats(org, by, chance.randint(2, 7))
        if made.kind == "checkout":
            mandate(flows.away(made), method)

    acts = [seats, lambda: flows.cancel(org, by), lambda: at_the_bank(chance, razorpay), lambda: forge(razorpay)]
    ahead = timedelta()
    for _ in range(12):
        ahead += chance.randint(1, 9) * DAY
        razorpay.toxics.lost = chance.choice([0, 0, 0.3])
        with clock.travelled(ahead):
            with contextlib.suppress(flows.NotNowError, NoAnswerError, RefusedError):
                chance.choice(acts)()
            razorpay.settle()
            if chance.random() < 0.5:
                with contextlib.suppress(NoAnswerError):
                    follow_all()
    razorpay.toxics.lost = 0
    with clock.travelled(ahead + 4 * DAY):
        razorpay.settle()
        reconcile.everything()
        reconcile.everything()  # what the first one sent is answered
        agrees(org, razorpay)
        assert reconcile.everything()["drift"] == 0
        assert entitled(org).plan.id == "pro" if pays(razorpay) else True
        assert not BillingEventInbox.objects.filter(state="waiting").exists()
    told = BillingEventInbox.objects.exclude(event_id__startswith="listed/").count()
    assert 0 < told <= len(came)


def test_after_a_day_of_failures_the_endpoint_is_disabled_and_nothing_is_missed(people, signed_in, razorpay):
    olga = making.person("olga@example.test", name="Olga")
    staff.add_operator(olga)
    mandate(subscribe(signed_in(people.alice)))
    razorpay.settle()
    follow_all()
    door, razorpay.fake.post.send = razorpay.fake.post.send, lambda *_: 503
    end, hours = bought(people.org).mirror.period_end, 0
    (sub,), (hook,) = razorpay.world.all("subscription"), razorpay.world.hooks
    while hook.active:
        hours += 1
        assert hours < 30
        with clock.travelled(end - clock.now() + timedelta(hours=hours)):
            razorpay.settle()
            reconcile.everything()
            assert bought(people.org).mirror.period_end > end, "it was renewed, and nobody told of it"
    assert hours >= 24
    assert letters("olga@example.test", "operation") == ["Payments need a person"] * 2, "once a day"
    razorpay.fake.post.send = door
    with clock.travelled(end - clock.now() + timedelta(hours=31)):
        flows.set_seats(people.org, people.alice.pk, 7)
        razorpay.world.hidden[sub["id"]]["cancel"] = True  # at its dashboard
        assert razorpay.settle() == 0, "nothing is told any more"
        assert entitled(people.org).seats == 7
        last = bought(people.org).mirror.period_end
    with clock.travelled(last - clock.now() + timedelta(hours=2)):
        razorpay.settle()
        reconcile.everything()
        assert entitled(people.org).plan.id == "free"
        agrees(people.org, razorpay)
        hook.active = True
        razorpay.world.tell("subscription.cancelled", subscription=sub)
        assert razorpay.settle() == 1
    assert BillingEventInbox.objects.filter(type="subscription.cancelled").exists()
