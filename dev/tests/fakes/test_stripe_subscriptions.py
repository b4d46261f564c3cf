"""The life of a subscription at the fake Stripe, by Stripe's own library and its test clocks."""

import pytest
import requests
from stripe import CardError, InvalidRequestError

from dev.tests.fakes.paying import DAY, HOUR


def _item(sub):
    return sub["items"].data[0]


def _to_renewal(shop, line, sub):
    """Two hours into the next period: its invoice has been final for one."""
    shop.go(line, _item(sub).current_period_end - _item(sub).current_period_start + 2 * HOUR)


def _invoices(shop, sub):
    """Oldest first: reason, status, total."""
    found = shop.v1.invoices.list({"subscription": sub.id, "limit": 100}).data
    return [(each.billing_reason, each.status, each.total) for each in reversed(found)]


def test_renews_by_its_test_clock(shop):
    line = shop.clock()
    sub = shop.subscribe(shop.customer(line=line), shop.price())
    assert sub.status == "active"
    start = _item(sub).current_period_start
    shop.go(line, 32 * DAY)
    sub = shop.v1.subscriptions.retrieve(sub.id)
    assert _item(sub).current_period_start > start
    assert _invoices(shop, sub) == [("subscription_create", "paid", 8700), ("subscription_cycle", "paid", 8700)]
    kinds = shop.kinds()
    assert "invoice.upcoming" in kinds
    assert kinds[-1] == "test_helpers.test_clock.ready"


def test_a_renewal_is_a_draft_for_an_hour(shop):
    line = shop.clock()
    sub = shop.subscribe(shop.customer(line=line), shop.price())
    shop.go(line, _item(sub).current_period_end - _item(sub).current_period_start + 60)
    assert _invoices(shop, sub)[-1] == ("subscription_cycle", "draft", 8700)
    shop.go(line, HOUR)
    assert _invoices(shop, sub)[-1] == ("subscription_cycle", "paid", 8700)


def test_dunning_ends_in_cancellation(shop):
    line = shop.clock()
    customer = shop.customer(line=line)
    sub = shop.subscribe(customer, shop.price())
    failing = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": failing.id}})
    _to_renewal(shop, line, sub)
    sub = shop.v1.subscriptions.retrieve(sub.id, {"expand": ["latest_invoice"]})
    assert (sub.status, sub.latest_invoice.status, sub.latest_invoice.attempt_count) == ("past_due", "open", 1)
    assert sub.latest_invoice.next_payment_attempt > sub.latest_invoice.created
    assert shop.v1.customers.retrieve(customer.id).delinquent
    shop.go(line, 14 * DAY)
    sub = shop.v1.subscriptions.retrieve(sub.id)
    assert (sub.status, sub.cancellation_details.reason) == ("canceled", "payment_failed")
    assert shop.kinds().count("invoice.payment_failed") == 9
    assert "customer.subscription.deleted" in shop.kinds()


@pytest.mark.parametrize("ends", ["unpaid", "past_due"])
def test_dunning_may_end_otherwise(shop, ends):
    requests.post(f"{shop.url}/_fake/dunning", json={"ends": ends}, timeout=10)
    line = shop.clock()
    customer = shop.customer(line=line)
    sub = shop.subscribe(customer, shop.price())
    failing = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": failing.id}})
    shop.go(line, 46 * DAY)
    assert shop.v1.subscriptions.retrieve(sub.id).status == ends


def test_a_new_card_pays_what_was_open(shop):
    line = shop.clock()
    customer = shop.customer(line=line)
    sub = shop.subscribe(customer, shop.price())
    failing = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": failing.id}})
    _to_renewal(shop, line, sub)
    invoice = shop.v1.subscriptions.retrieve(sub.id, {"expand": ["latest_invoice"]}).latest_invoice
    with pytest.raises(CardError) as caught:
        shop.v1.invoices.pay(invoice.id)
    assert caught.value.code == "card_declined"
    paid = shop.v1.invoices.pay(invoice.id, {"payment_method": shop.customer_card(customer)})
    assert paid.status == "paid"
    assert shop.v1.subscriptions.retrieve(sub.id).status == "active"


def test_the_invoices_own_page_takes_a_card(shop):
    line = shop.clock()
    customer = shop.customer(line=line)
    sub = shop.subscribe(customer, shop.price())
    failing = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": failing.id}})
    _to_renewal(shop, line, sub)
    url = shop.v1.subscriptions.retrieve(sub.id, {"expand": ["latest_invoice"]}).latest_invoice.hosted_invoice_url
    assert shop.page(url, card="4000000000000002").status_code == 400
    there = shop.page(url, card="4000002760003184")
    shop.page(shop.url + there.headers["Location"], answer="yes")
    assert "paid" in requests.get(url, timeout=10).text
    assert shop.v1.subscriptions.retrieve(sub.id).status == "active"


def test_more_seats_are_charged_for_the_rest_of_the_period(shop):
    line = shop.clock()
    sub = shop.subscribe(shop.customer(line=line), shop.price(3000))
    start, end = _item(sub).current_period_start, _item(sub).current_period_end
    shop.go(line, (end - start) // 2)
    change = {"items": [{"id": _item(sub).id, "quantity": 5}], "proration_date": start + (end - start) // 2}
    told = shop.v1.invoices.create_preview(
        {"subscription": sub.id, "subscription_details": {**change, "proration_behavior": "always_invoice"}}
    )
    assert told.total == 3000
    assert [each.amount for each in told.lines.data] == [-4500, 7500]
    assert all(each.parent.subscription_item_details.proration for each in told.lines.data)
    sub = shop.v1.subscriptions.update(
        sub.id, {**change, "proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
    )
    assert (_item(sub).quantity, sub.pending_update) == (5, None)
    assert _invoices(shop, sub)[-1] == ("subscription_update", "paid", 3000)


def test_more_seats_wait_for_their_payment(shop):
    customer = shop.customer()
    sub = shop.subscribe(customer, shop.price())
    failing = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": failing.id}})
    asked = {
        "items": [{"id": _item(sub).id, "quantity": 5}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
    }
    sub = shop.v1.subscriptions.update(sub.id, asked)
    assert (_item(sub).quantity, sub.pending_update.subscription_items[0].quantity, sub.status) == (3, 5, "active")
    with pytest.raises(InvalidRequestError):
        shop.v1.subscriptions.update(sub.id, asked)
    shop.v1.invoices.pay(sub.latest_invoice, {"payment_method": shop.customer_card(customer)})
    sub = shop.v1.subscriptions.retrieve(sub.id)
    assert (_item(sub).quantity, sub.pending_update) == (5, None)
    assert "customer.subscription.pending_update_applied" in shop.kinds()
    sub = shop.v1.subscriptions.update(sub.id, {**asked, "items": [{"id": _item(sub).id, "quantity": 9}]})
    shop.fake.advance(DAY)
    sub = shop.v1.subscriptions.retrieve(sub.id, {"expand": ["latest_invoice"]})
    assert (_item(sub).quantity, sub.pending_update, sub.latest_invoice.status) == (5, None, "void")
    assert "customer.subscription.pending_update_expired" in shop.kinds()


def test_an_update_may_fail_whole(shop):
    customer = shop.customer()
    sub = shop.subscribe(customer, shop.price())
    failing = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": failing.id}})
    asked = {"items": [{"id": _item(sub).id, "quantity": 5}], "proration_behavior": "always_invoice"}
    with pytest.raises(CardError):
        shop.v1.subscriptions.update(sub.id, {**asked, "payment_behavior": "error_if_incomplete"})
    assert _item(shop.v1.subscriptions.retrieve(sub.id)).quantity == 3
    assert shop.v1.subscriptions.update(sub.id, asked).status == "past_due"


def test_fewer_seats_come_with_the_next_invoice(shop):
    line = shop.clock()
    sub = shop.subscribe(shop.customer(line=line), shop.price())
    asked = {"items": [{"id": _item(sub).id, "quantity": 1}], "proration_behavior": "none"}
    assert _item(shop.v1.subscriptions.update(sub.id, asked)).quantity == 1
    shop.go(line, 32 * DAY)
    assert _invoices(shop, sub)[1:] == [("subscription_cycle", "paid", 2900)]


def test_credit_of_fewer_seats_is_used_up_later(shop):
    line = shop.clock()
    customer = shop.customer(line=line)
    sub = shop.subscribe(customer, shop.price(3000))
    shop.v1.subscriptions.update(
        sub.id, {"items": [{"id": _item(sub).id, "quantity": 1}], "proration_behavior": "always_invoice"}
    )
    assert shop.v1.customers.retrieve(customer.id).balance == -6000
    shop.go(line, 32 * DAY)
    latest = shop.v1.subscriptions.retrieve(sub.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert (latest.total, latest.amount_due, latest.starting_balance, latest.ending_balance) == (3000, 0, -6000, -3000)
    assert shop.v1.customers.retrieve(customer.id).balance == -3000


def test_another_interval_begins_a_period_at_once(shop):
    line = shop.clock()
    sub = shop.subscribe(shop.customer(line=line), shop.price(3000))
    year = shop.price(30_000, "year")
    shop.go(line, 10 * DAY)
    sub = shop.v1.subscriptions.update(sub.id, {"items": [{"id": _item(sub).id, "price": year.id}]})
    assert _item(sub).current_period_end - _item(sub).current_period_start in {365 * DAY, 366 * DAY}
    reason, status, total = _invoices(shop, sub)[-1]
    assert (reason, status) == ("subscription_update", "paid")
    assert 90_000 - 9000 < total < 90_000


def test_cancel_at_the_end_can_be_taken_back(shop):
    line = shop.clock()
    sub = shop.subscribe(shop.customer(line=line), shop.price())
    sub = shop.v1.subscriptions.update(
        sub.id, {"cancel_at_period_end": True, "cancellation_details": {"feedback": "too_expensive"}}
    )
    assert (sub.status, sub.cancel_at, sub.cancellation_details.feedback) == (
        "active",
        _item(sub).current_period_end,
        "too_expensive",
    )
    sub = shop.v1.subscriptions.update(sub.id, {"cancel_at_period_end": False})
    assert (sub.cancel_at, sub.canceled_at) == (None, None)
    shop.go(line, 32 * DAY)
    assert shop.v1.subscriptions.retrieve(sub.id).status == "active"
    shop.v1.subscriptions.update(sub.id, {"cancel_at_period_end": True})
    shop.go(line, 32 * DAY)
    assert shop.v1.subscriptions.retrieve(sub.id).status == "canceled"
    with pytest.raises(InvalidRequestError):
        shop.v1.subscriptions.update(sub.id, {"cancel_at_period_end": False})
    assert shop.v1.subscriptions.list({"status": "canceled"}).data == []  # who lives by a test clock is listed with it
    assert len(shop.v1.subscriptions.list({"status": "canceled", "test_clock": line}).data) == 1


def test_cancel_now_and_give_the_rest_back(shop):
    line = shop.clock()
    customer = shop.customer(line=line)
    sub = shop.subscribe(customer, shop.price(3000))
    shop.go(line, (_item(sub).current_period_end - _item(sub).current_period_start) // 2)
    sub = shop.v1.subscriptions.cancel(sub.id, {"prorate": True, "invoice_now": True})
    assert (sub.status, shop.v1.customers.retrieve(customer.id).balance) == ("canceled", -4500)


@pytest.mark.parametrize(
    ("behaviour", "status"), [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")]
)
def test_a_trial_ends_without_a_card(shop, behaviour, status):
    line = shop.clock()
    customer = shop.customer("", line)
    sub = shop.subscribe(
        customer,
        shop.price(),
        trial_period_days=14,
        trial_settings={"end_behavior": {"missing_payment_method": behaviour}},
    )
    assert (sub.status, _invoices(shop, sub)) == ("trialing", [("subscription_create", "paid", 0)])
    shop.go(line, 14 * DAY + 2 * HOUR)
    assert shop.v1.subscriptions.retrieve(sub.id).status == status
    assert "customer.subscription.trial_will_end" in shop.kinds()
    if status == "paused":
        shop.customer_card(customer, default=True)
        assert shop.v1.subscriptions.resume(sub.id).status == "active"
        assert shop.kinds()[-1] == "customer.subscription.resumed"


def test_a_first_payment_may_wait_a_day(shop):
    customer = shop.customer("")
    sub = shop.subscribe(customer, shop.price(), payment_behavior="default_incomplete")
    assert sub.status == "incomplete"
    with pytest.raises(InvalidRequestError):
        shop.v1.subscriptions.update(sub.id, {"items": [{"id": _item(sub).id, "quantity": 5}]})
    shop.fake.advance(DAY)
    assert shop.v1.subscriptions.retrieve(sub.id).status == "incomplete_expired"
    assert _invoices(shop, sub) == [("subscription_create", "void", 8700)]
    sub = shop.subscribe(customer, shop.price(), payment_behavior="default_incomplete")
    shop.v1.invoices.pay(sub.latest_invoice, {"payment_method": shop.customer_card(customer)})
    assert shop.v1.subscriptions.retrieve(sub.id).status == "active"


def test_a_first_payment_that_fails(shop):
    customer = shop.customer("chargeCustomerFail")
    price = shop.price()
    with pytest.raises(CardError):
        shop.subscribe(customer, price, payment_behavior="error_if_incomplete")
    assert shop.v1.subscriptions.list({"status": "all"}).data == []
    assert shop.subscribe(customer, price).status == "incomplete"
    with pytest.raises(InvalidRequestError):
        shop.subscribe(shop.customer(""), price)


def test_paused_collection_makes_no_money(shop):
    line = shop.clock()
    sub = shop.subscribe(shop.customer(line=line), shop.price())
    shop.v1.subscriptions.update(sub.id, {"pause_collection": {"behavior": "void"}})
    shop.go(line, 32 * DAY)
    assert _invoices(shop, sub)[-1] == ("subscription_cycle", "void", 8700)
    assert shop.v1.subscriptions.update(sub.id, {"pause_collection": ""}).pause_collection is None


def test_a_bill_is_sent_and_falls_due(shop):
    line = shop.clock()
    customer = shop.customer("", line)
    sub = shop.subscribe(customer, shop.price(), collection_method="send_invoice", days_until_due=30)
    assert (sub.status, _invoices(shop, sub)[0][1]) == ("active", "open")
    shop.go(line, 30 * DAY)
    assert "invoice.overdue" in shop.kinds()
    assert shop.v1.subscriptions.retrieve(sub.id).status == "past_due"
    first = shop.v1.invoices.list({"subscription": sub.id}).data[-1]
    assert shop.v1.invoices.pay(first.id, {"paid_out_of_band": True}).status == "paid"


def test_a_schedule_changes_plan_at_the_end_of_the_period(shop):
    line = shop.clock()
    price, lower = shop.price(3000), shop.price(1000)
    sub = shop.subscribe(shop.customer(line=line), price)
    schedule = shop.v1.subscription_schedules.create({"from_subscription": sub.id})
    first = schedule.phases[0]
    schedule = shop.v1.subscription_schedules.update(
        schedule.id,
        {
            "phases": [
                {
                    "items": [{"price": price.id, "quantity": 3}],
                    "start_date": first.start_date,
                    "end_date": first.end_date,
                },
                {"items": [{"price": lower.id, "quantity": 2}], "duration": {"interval": "month"}},
            ],
            "end_behavior": "release",
        },
    )
    with pytest.raises(InvalidRequestError):
        shop.v1.subscriptions.update(sub.id, {"cancel_at_period_end": True})
    shop.go(line, 32 * DAY)
    sub = shop.v1.subscriptions.retrieve(sub.id)
    assert (_item(sub).price.id, _item(sub).quantity) == (lower.id, 2)
    assert _invoices(shop, sub)[1:] == [("subscription_cycle", "paid", 2000)]
    shop.go(line, 32 * DAY)
    assert shop.v1.subscription_schedules.retrieve(schedule.id).status == "released"
    assert shop.v1.subscriptions.retrieve(sub.id).schedule is None
    assert _invoices(shop, sub)[2:] == [("subscription_cycle", "paid", 2000)]


def test_coupons_last_as_long_as_they_say(shop):
    line = shop.clock()
    coupon = shop.v1.coupons.create({"percent_off": "50", "duration": "repeating", "duration_in_months": 2})
    sub = shop.subscribe(shop.customer(line=line), shop.price(), discounts=[{"coupon": coupon.id}])
    shop.go(line, 95 * DAY)
    assert [each[2] for each in _invoices(shop, sub)] == [4350, 4350, 8700, 8700]
    once = shop.v1.coupons.create({"amount_off": 1000, "currency": "eur", "duration": "once", "max_redemptions": 1})
    customer = shop.customer(line=line)
    other = shop.subscribe(customer, shop.price(), discounts=[{"coupon": once.id}])
    shop.go(line, 32 * DAY)
    assert [each[2] for each in _invoices(shop, other)] == [7700, 8700]
    with pytest.raises(InvalidRequestError) as caught:
        shop.subscribe(customer, shop.price(), discounts=[{"coupon": once.id}])
    assert caught.value.code == "coupon_expired"


def test_test_clocks_have_limits(shop):
    line = shop.clock()
    now = shop.v1.test_helpers.test_clocks.retrieve(line).frozen_time
    shop.subscribe(shop.customer(line=line), shop.price())
    for wrong in (now - 1, now + 70 * DAY):
        with pytest.raises(InvalidRequestError):
            shop.v1.test_helpers.test_clocks.advance(line, {"frozen_time": wrong})
    answer = shop.v1.test_helpers.test_clocks.advance(line, {"frozen_time": now + DAY})
    assert (answer.status, answer.frozen_time) == ("advancing", now + DAY)
    assert shop.v1.test_helpers.test_clocks.retrieve(line).status == "ready"
    customers = [shop.customer("", line).id for _ in range(2)]
    with pytest.raises(InvalidRequestError):
        shop.customer("", line)
    shop.v1.test_helpers.test_clocks.delete(line)
    with pytest.raises(InvalidRequestError):
        shop.v1.customers.update(customers[0], {"name": "x"})
    assert shop.v1.customers.list().data == []


def test_a_customer_that_is_deleted_takes_all_along(shop):
    customer = shop.customer()
    sub = shop.subscribe(customer, shop.price())
    assert shop.v1.customers.delete(customer.id).deleted
    assert shop.v1.customers.retrieve(customer.id).deleted
    assert shop.v1.subscriptions.retrieve(sub.id).status == "canceled"
    assert len(shop.v1.invoices.list({"customer": customer.id}).data) == 1
    assert {"customer.subscription.deleted", "payment_method.detached"} < set(shop.kinds())
    assert shop.kinds()[-1] == "customer.deleted"
    for act in (
        lambda: shop.v1.customers.update(customer.id, {"name": "x"}),
        lambda: shop.v1.customers.delete(customer.id),
        lambda: shop.subscribe(customer, shop.price()),
        lambda: shop.checkout(shop.price(), customer=customer.id),
    ):
        with pytest.raises(InvalidRequestError) as caught:
            act()
        assert caught.value.code == "resource_missing"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        pytest.param({"items": []}, "items", id="nothing"),
        pytest.param({"items": [{"price": "price_none"}]}, "items[price]", id="no such price"),
        pytest.param({"quantity": 0}, "items[0][quantity]", id="nobody"),
        pytest.param({"colour": "red"}, "colour", id="an unknown parameter"),
        pytest.param({"trial_period_days": 731}, "trial_period_days", id="two years of trial"),
        pytest.param({"trial_end": 1, "trial_period_days": 1}, "trial_end", id="two ends"),
        pytest.param({"collection_method": "send_invoice"}, "days_until_due", id="a bill that never falls due"),
        pytest.param({"default_payment_method": "pm_none"}, "default_payment_method", id="no such card"),
        pytest.param({"payment_behavior": "pending_if_incomplete"}, "payment_behavior", id="what cannot wait"),
        pytest.param({"metadata": {"k" * 41: "v"}}, "metadata[" + "k" * 41 + "]", id="a long key"),
    ],
)
def test_refuses_a_subscription(shop, changes, param):
    price = shop.price()
    asked = dict(changes)
    items = asked.pop("items", [{"price": price.id, "quantity": asked.pop("quantity", 1)}])
    with pytest.raises(InvalidRequestError) as caught:
        shop.v1.subscriptions.create({"customer": shop.customer().id, "items": items, **asked})
    assert caught.value.param == param
    assert shop.v1.subscriptions.list({"status": "all"}).data == []


def test_items_one_by_one(shop):
    sub = shop.subscribe(shop.customer(), shop.price())
    other = shop.price(500)
    made = shop.v1.subscription_items.create({"subscription": sub.id, "price": other.id, "quantity": 2})
    assert [each.quantity for each in shop.v1.subscription_items.list({"subscription": sub.id}).data] == [3, 2]
    assert shop.v1.subscription_items.update(made.id, {"quantity": 4}).quantity == 4
    assert shop.v1.subscription_items.delete(made.id, {"proration_behavior": "none"}).deleted
    for act in (
        lambda: shop.v1.subscription_items.retrieve(made.id),
        lambda: shop.v1.subscription_items.delete(_item(sub).id),
        lambda: shop.v1.subscription_items.create({"subscription": sub.id, "price": _item(sub).price.id}),
        lambda: shop.v1.subscription_items.update(_item(sub).id, {"quantity": 0}),
    ):
        with pytest.raises(InvalidRequestError):
            act()
    assert len(shop.v1.subscriptions.retrieve(sub.id)["items"].data) == 1
    waiting = shop.v1.invoice_items.list({"customer": sub.customer, "pending": True}).data
    assert sorted(each.amount for each in waiting) == [-1000, 1000, 2000]  # the last change was free


def test_toxics_of_time_hold_for_test_clocks_too(shop):
    """A receiver that is away while a clock moves gets all of it afterwards."""
    line = shop.clock()
    sub = shop.subscribe(shop.customer(line=line), shop.price())
    shop.kinds()
    shop.fake.toxics.hooks_delay = DAY
    shop.go(line, 32 * DAY)
    before = len(shop.told)
    shop.fake.settle()
    assert len(shop.told) == before
    shop.fake.advance(DAY)
    paid = [event for event in shop.told if event.type == "invoice.paid"]
    assert [event.data.object.billing_reason for event in paid] == ["subscription_create", "subscription_cycle"]
    assert paid[-1].created > sub.created + 29 * DAY
