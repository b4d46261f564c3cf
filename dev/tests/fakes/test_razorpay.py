"""The fake Razorpay, driven by Razorpay's own library."""

import json
import time
from urllib.parse import parse_qsl, urlsplit

import pytest
import razorpay
import requests
from razorpay.errors import BadRequestError, ServerError, SignatureVerificationError

from dev.fakes.loopback import Answer, serving
from dev.fakes.post import FAILED, over_http
from dev.fakes.razorpay.api import KEY, SECRET, Razorpay

HOOKS = "a secret of the tests"
DAY = 86_400


class Shop:
    """The library, and what came by webhook: each is checked by the library first."""

    def __init__(self, fake, url):
        self.fake, self.url = fake, url
        self.api = razorpay.Client(auth=(KEY, SECRET), base_url=url)
        self.told, self.ids, self.status = [], [], 200

    def receive(self, _url, headers, body):
        assert self.api.utility.verify_webhook_signature(body.decode(), headers["X-Razorpay-Signature"], HOOKS)
        self.told.append(json.loads(body))
        self.ids.append(headers["x-razorpay-event-id"])
        return self.status

    def kinds(self):
        self.fake.settle()
        return [each["event"] for each in self.told]

    def plan(self, amount=190_000, currency="INR", period="monthly"):
        item = {"name": "Pro", "amount": amount, "currency": currency}
        return self.api.plan.create({"period": period, "interval": 1, "item": item}, timeout=10)

    def subscribe(self, method="card", answer="yes", plan=None, **more):
        plan = plan or self.plan()
        made = self.api.subscription.create({"plan_id": plan["id"], "total_count": 12, **more}, timeout=10)
        self.page(made["short_url"], method=method, answer=answer)
        return self.api.subscription.fetch(made["id"])

    def page(self, url, **typed):
        return requests.post(url, data={"email": "ada@acme.test", **typed}, timeout=10, allow_redirects=False)

    def control(self, path, **body):
        assert requests.post(f"{self.url}/_fake/{path}", json=body, timeout=10).status_code == 200


@pytest.fixture
def shop(clock):
    fake = Razorpay(clock=clock)
    fake.hook("http://127.0.0.1/hooks", HOOKS)
    with fake.open() as place:
        made = Shop(fake, place.url)
        fake.post.send = made.receive
        yield made


def test_a_mandate_starts_a_subscription_at_once(shop):
    sub = shop.subscribe(quantity=3, notes={"org": "1"})
    assert (sub["status"], sub["paid_count"], sub["remaining_count"], sub["notes"]) == ("active", 1, 11, {"org": "1"})
    assert shop.kinds() == [
        "token.confirmed",
        "payment.authorized",
        "payment.captured",
        "subscription.authenticated",
        "invoice.paid",
        "subscription.activated",
        "subscription.charged",
    ]
    bills = shop.api.invoice.all({"subscription_id": sub["id"]})["items"]
    assert [(each["amount"], each["status"]) for each in bills] == [(3 * 190_000, "paid")]
    assert shop.api.payment.fetch(bills[0]["payment_id"])["customer_id"] == sub["customer_id"]


def test_a_refused_mandate_starts_nothing(shop):
    sub = shop.subscribe(answer="no")
    assert (sub["status"], sub["auth_attempts"]) == ("created", 1)
    assert shop.kinds() == ["payment.failed"]


def test_a_trial_takes_five_rupees_and_gives_them_back(shop, clock):
    start = int(clock()) + 14 * DAY
    sub = shop.subscribe(start_at=start)
    assert sub["status"] == "authenticated"
    paid = shop.api.payment.all()["items"][0]
    assert (paid["amount"], paid["status"]) == (500, "refunded")
    shop.fake.advance(14 * DAY)
    sub = shop.api.subscription.fetch(sub["id"])
    assert (sub["status"], sub["current_start"]) == ("active", start)
    assert shop.kinds()[-1] == "subscription.charged"


def test_renews_each_month_until_the_last(shop):
    sub = shop.subscribe(total_count=3)
    for months in (2, 3):
        shop.fake.advance(sub["current_end"] - shop.fake.clock())
        sub = shop.api.subscription.fetch(sub["id"])
        assert (sub["paid_count"], sub["status"]) == (months, "active")
    assert sub["charge_at"] is None
    shop.fake.advance(sub["current_end"] - shop.fake.clock())
    assert shop.kinds()[-1] == "subscription.completed"
    assert len(shop.api.invoice.all({"subscription_id": sub["id"]})["items"]) == 3


def test_a_debit_that_fails_is_tried_three_days_and_then_halted(shop):
    sub = shop.subscribe()
    shop.control("declines", subscription=sub["id"])
    shop.fake.advance(sub["current_end"] - shop.fake.clock())
    assert shop.kinds()[-1] == "subscription.pending"
    shop.fake.advance(2 * DAY)
    assert shop.api.subscription.fetch(sub["id"])["status"] == "pending"
    shop.fake.advance(DAY)
    assert shop.kinds()[-1] == "subscription.halted"
    assert shop.kinds().count("payment.failed") == 4
    shop.page(sub["short_url"], method="card", answer="yes")
    assert shop.api.subscription.fetch(sub["id"])["status"] == "active"
    bills = shop.api.invoice.all({"subscription_id": sub["id"]})["items"]
    assert [each["status"] for each in bills] == ["issued", "paid"]  # what was issued before is not charged


def test_a_new_card_while_pending_pays_the_last_invoice(shop):
    sub = shop.subscribe()
    shop.control("declines", subscription=sub["id"])
    shop.fake.advance(sub["current_end"] - shop.fake.clock())
    shop.page(sub["short_url"], method="card", answer="no")
    assert shop.api.subscription.fetch(sub["id"])["status"] == "pending"
    shop.page(sub["short_url"], method="card", answer="yes")
    sub = shop.api.subscription.fetch(sub["id"])
    assert (sub["status"], sub["paid_count"]) == ("active", 2)


@pytest.mark.parametrize("method", ["card", "upi", "emandate"])
def test_above_fifteen_thousand_rupees_each_debit_is_approved(shop, method):
    sub = shop.subscribe(method, quantity=8)
    shop.fake.advance(sub["current_end"] - shop.fake.clock())
    assert shop.api.subscription.fetch(sub["id"])["status"] == "pending"
    failed = shop.api.payment.all()["items"][0]
    assert failed["error_reason"] == "additional_factor_of_authentication_needed"
    shop.page(sub["short_url"], answer="approve")
    assert shop.api.subscription.fetch(sub["id"])["status"] == "active"


def test_a_customer_may_skip_one_debit(shop):
    sub = shop.subscribe()
    shop.control("skip", subscription=sub["id"])
    shop.fake.advance(sub["current_end"] - shop.fake.clock())
    assert shop.api.payment.all()["items"][0]["error_reason"] == "debit_skipped_by_customer"
    shop.fake.advance(DAY)
    assert shop.api.subscription.fetch(sub["id"])["status"] == "active"


def test_a_cancelled_mandate_pays_no_more(shop):
    sub = shop.subscribe()
    token = shop.api.token.all(sub["customer_id"])["items"][0]
    assert shop.api.token.cancel(sub["customer_id"], token["id"]) == {"status": "cancelled"}
    shop.fake.advance(sub["current_end"] - shop.fake.clock())
    assert shop.api.subscription.fetch(sub["id"])["status"] == "pending"
    assert shop.api.token.delete(sub["customer_id"], token["id"]) == {"deleted": True}


@pytest.mark.parametrize(
    ("method", "works"),
    [
        pytest.param("upi", False, id="UPI: never"),
        pytest.param("emandate", False, id="e-mandate: never"),
        pytest.param("card", False, id="Indian card: its offer alone"),
        pytest.param("international card", True, id="foreign card"),
    ],
)
def test_what_can_be_updated(shop, method, works):
    sub = shop.subscribe(method)
    if not works:
        with pytest.raises(BadRequestError):
            shop.api.subscription.edit(sub["id"], {"quantity": 5})
        return
    assert shop.api.subscription.edit(sub["id"], {"quantity": 5})["quantity"] == 5
    assert shop.kinds()[-1] == "subscription.updated"
    assert shop.api.payment.all()["items"][0]["amount"] == 4 * 190_000  # the cycle has just begun
    later = shop.api.subscription.edit(sub["id"], {"quantity": 2, "schedule_change_at": "cycle_end"})
    assert (later["quantity"], later["has_scheduled_changes"]) == (5, True)
    assert shop.api.subscription.pending_update(sub["id"])["quantity"] == 2
    shop.fake.advance(sub["current_end"] - shop.fake.clock())
    assert shop.api.subscription.fetch(sub["id"])["quantity"] == 2
    shop.api.subscription.edit(sub["id"], {"quantity": 3, "schedule_change_at": "cycle_end"})
    assert not shop.api.subscription.cancel_scheduled_changes(sub["id"])["has_scheduled_changes"]
    with pytest.raises(BadRequestError):
        shop.api.subscription.pending_update(sub["id"])


def test_cancel_at_once_and_at_the_end_of_the_cycle(shop, clock):
    now, later = shop.subscribe(), shop.subscribe()
    assert shop.api.subscription.cancel(now["id"])["status"] == "cancelled"
    assert shop.api.subscription.cancel(later["id"], {"cancel_at_cycle_end": 1})["status"] == "active"
    shop.fake.advance(later["current_end"] - shop.fake.clock())
    assert shop.api.subscription.fetch(later["id"])["status"] == "cancelled"
    assert shop.kinds().count("subscription.cancelled") == 2
    with pytest.raises(BadRequestError):
        shop.api.subscription.cancel(now["id"])
    waiting = shop.subscribe(start_at=int(clock()) + DAY)
    with pytest.raises(BadRequestError):
        shop.api.subscription.cancel(waiting["id"], {"cancel_at_cycle_end": 1})


def test_pause_resume_and_add_ons(shop):
    sub = shop.subscribe()
    with pytest.raises(BadRequestError):
        shop.api.subscription.resume(sub["id"], {"resume_at": "now"})
    assert shop.api.subscription.pause(sub["id"], {"pause_at": "now"})["status"] == "paused"
    shop.fake.advance(40 * DAY)
    assert shop.api.subscription.fetch(sub["id"])["paid_count"] == 1
    resumed = shop.api.subscription.resume(sub["id"], {"resume_at": "now"})
    assert (resumed["status"], resumed["paid_count"]) == ("active", 2)
    item = {"name": "More", "amount": 1000, "currency": "INR"}
    shop.api.subscription.createAddon(sub["id"], {"item": item, "quantity": 2})
    shop.fake.advance(resumed["current_end"] - shop.fake.clock())
    assert shop.api.invoice.all({"subscription_id": sub["id"]})["items"][0]["amount"] == 192_000


def test_refunds(shop):
    sub = shop.subscribe()
    paid = shop.api.invoice.all({"subscription_id": sub["id"]})["items"][0]["payment_id"]
    shop.api.payment.refund(paid, {"amount": 1000})
    assert shop.api.payment.fetch(paid)["refund_status"] == "partial"
    with pytest.raises(BadRequestError):
        shop.api.payment.refund(paid, {"amount": 190_000})
    shop.api.payment.refund(paid, {})
    assert shop.api.payment.fetch(paid)["status"] == "refunded"
    with pytest.raises(BadRequestError):
        shop.api.payment.refund(paid, {})
    assert len(shop.api.payment.fetch_multiple_refund(paid)["items"]) == 2
    assert shop.kinds()[-1] == "refund.processed"


def test_a_payment_link_leads_back_with_a_signature(shop):
    back = {"callback_url": "http://127.0.0.1/back", "callback_method": "get"}
    made = shop.api.payment_link.create({"amount": 5000, "currency": "INR", "reference_id": "cmd-1", **back})
    shop.page(made["short_url"], method="upi", answer="no")
    assert shop.api.payment_link.fetch(made["id"])["status"] == "created"
    answer = shop.page(made["short_url"], method="upi", answer="yes")
    query = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    signed = {
        "payment_link_id": query["razorpay_payment_link_id"],
        "payment_link_reference_id": query["razorpay_payment_link_reference_id"],
        "payment_link_status": query["razorpay_payment_link_status"],
        "razorpay_payment_id": query["razorpay_payment_id"],
        "razorpay_signature": query["razorpay_signature"],
    }
    assert shop.api.utility.verify_payment_link_signature(signed)
    with pytest.raises(SignatureVerificationError):
        shop.api.utility.verify_payment_link_signature({**signed, "payment_link_status": "created"})
    assert shop.kinds()[-1] == "payment_link.paid"
    with pytest.raises(BadRequestError):
        shop.api.payment_link.create({"amount": 5000, "reference_id": "cmd-1"})
    with pytest.raises(BadRequestError):
        shop.api.payment_link.cancel(made["id"])
    other = shop.api.payment_link.create({"amount": 5000})
    assert shop.api.payment_link.cancel(other["id"])["status"] == "cancelled"


def test_there_are_no_idempotency_keys(shop):
    plan = shop.plan()
    asked = {"plan_id": plan["id"], "total_count": 1, "notes": {"cmd": "1"}}
    made = {shop.api.subscription.create(asked, headers={"Idempotency-Key": "k"})["id"] for _ in range(2)}
    assert len(made) == 2
    found = shop.api.subscription.all({"plan_id": plan["id"], "count": 1, "skip": 1})["items"]
    assert found[0]["id"] in made
    assert found[0]["notes"] == {"cmd": "1"}


def test_there_is_no_deletion_of_customers(shop):
    made = shop.api.customer.create({"name": "Ada", "email": "ada@acme.test"})
    with pytest.raises(BadRequestError):
        shop.api.customer.create({"email": "ada@acme.test"})
    assert shop.api.customer.create({"email": "ada@acme.test", "fail_existing": "0"})["id"] == made["id"]
    assert shop.api.customer.edit(made["id"], {"name": "Erased"})["name"] == "Erased"
    answer = requests.delete(f"{shop.url}/v1/customers/{made['id']}", auth=(KEY, SECRET), timeout=10)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"total_count": None}, "total_count", id="no count"),
        pytest.param({"total_count": 1300}, "total_count", id="more than 100 years"),
        pytest.param({"quantity": 0}, "quantity", id="nobody"),
        pytest.param({"start_at": 1_700_000_000}, "start_at", id="a start in the past"),
        pytest.param({"colour": "red"}, "colour", id="an unknown field"),
        pytest.param({"notes": {str(n): "" for n in range(16)}}, "notes", id="16 notes"),
        pytest.param({"plan_id": "plan_none"}, None, id="no such plan"),
        pytest.param({"customer_id": "cust_none"}, None, id="no such customer"),
        pytest.param({"addons": [{"item": {"name": "x"}}]}, "addons.0.item.amount", id="an add-on without a price"),
    ],
)
def test_refuses_a_subscription(shop, changes, field):
    body = {"plan_id": shop.plan()["id"], "total_count": 12, **changes}
    answer = requests.post(f"{shop.url}/v1/subscriptions", json=body, auth=(KEY, SECRET), timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_REQUEST_ERROR")
    assert answer.json()["error"].get("field") == field


@pytest.mark.parametrize("auth", [None, (KEY, ""), (KEY, "other"), ("rzp_test_other", SECRET)])
def test_refuses_a_stranger(shop, auth):
    assert requests.get(f"{shop.url}/v1/plans", auth=auth, timeout=10).status_code == 401


def test_refuses_plans_that_nobody_could_pay(shop):
    with pytest.raises(BadRequestError):
        shop.plan(amount=99)
    with pytest.raises(BadRequestError):
        shop.plan(period="daily")
    with pytest.raises(BadRequestError):
        shop.plan(currency="XXX")


def test_without_a_mandate_it_expires(shop, clock):
    made = shop.api.subscription.create(
        {"plan_id": shop.plan()["id"], "total_count": 1, "expire_by": int(clock()) + DAY}
    )
    shop.fake.advance(DAY)
    assert shop.api.subscription.fetch(made["id"])["status"] == "expired"
    assert shop.page(made["short_url"], method="card", answer="yes").status_code == 400


def test_an_endpoint_that_fails_a_day_is_disabled(shop):
    shop.status = 500
    shop.subscribe()
    shop.fake.settle()
    for _ in range(24):
        shop.fake.advance(3600)
    assert not shop.fake.world.hooks[0].active
    assert len(set(shop.ids)) == 7
    assert len(shop.ids) == 7 * 10  # the first, and nine more within a day
    shop.status, before = 200, len(shop.ids)
    shop.subscribe()
    shop.fake.settle()
    assert len(shop.ids) == before
    shop.control("enable")
    shop.subscribe()
    shop.fake.settle()
    assert len(shop.ids) > before


def test_signatures_are_of_the_whole_body(shop):
    shop.subscribe()
    shop.fake.settle()
    body = json.dumps(shop.told[0])
    with pytest.raises(SignatureVerificationError):
        shop.api.utility.verify_webhook_signature(body, "0" * 64, HOOKS)


def test_toxics(shop):
    shop.control("toxics", errors=1)
    with pytest.raises(ServerError):
        shop.plan()
    shop.control("toxics", errors=0, lost=1)
    with pytest.raises(requests.ConnectionError):
        shop.plan()
    shop.control("toxics", lost=0, hooks_twice=1, hooks_shuffled=1)
    assert len(shop.api.plan.all()["items"]) == 1
    shop.subscribe(plan=shop.api.plan.all()["items"][0])
    assert len(shop.kinds()) == 14
    assert len(set(shop.ids)) == 7


def test_a_refund_may_fail_and_a_payment_be_disputed(shop):
    sub = shop.subscribe()
    paid = shop.api.invoice.all({"subscription_id": sub["id"]})["items"][0]["payment_id"]
    made = shop.api.payment.refund(paid, {})
    shop.control("refund_fails", refund=made["id"])
    assert shop.api.payment.fetch(paid)["amount_refunded"] == 0
    assert shop.kinds()[-1] == "refund.failed"
    shop.control("dispute", payment=paid)
    assert shop.kinds()[-1] == "payment.dispute.created"
    shop.control("dispute", dispute=shop.told[-1]["payload"]["dispute"]["entity"]["id"], ends="lost")
    assert shop.kinds()[-1] == "payment.dispute.lost"


def test_who_answers_too_late_is_asked_again():
    def slow(_asked):
        time.sleep(1)
        return Answer()

    with serving(slow) as place:
        assert over_http(place.url, {}, b"", seconds=0.2) == FAILED
        assert over_http(place.url, {}, b"", seconds=5) == 200
    assert Razorpay().send.keywords == {"seconds": 5}


def test_a_control_door_that_is_misused_says_so(shop):
    for path, body in (("skip", {"subscription": "sub_none"}), ("dispute", {"payment": "x"}), ("dispute", {"x": 1})):
        assert requests.post(f"{shop.url}/_fake/{path}", json=body, timeout=10).status_code == 400
