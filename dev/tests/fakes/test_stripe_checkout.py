"""Checkout at the fake Stripe, as a browser and the library see it."""

import re

import pytest
import requests
from stripe import InvalidRequestError

from dev.tests.fakes.paying import DAY

TYPED = {"email": "ada@acme.test", "name": "Ada", "country": "FR", "card": "4242 4242 4242 4242"}


def _message(answer):
    return re.search(r"role=alert><strong>(.*?)</strong>", answer.text)[1]


def test_who_pays_has_a_subscription(shop):
    session = shop.checkout(shop.price(), subscription_data={"metadata": {"org": "1"}})
    assert (session.status, session.amount_total, session.currency) == ("open", 8700, "eur")
    assert "Plan of 2900" in requests.get(session.url, timeout=10).text
    back = shop.page(session.url, **TYPED)
    assert (back.status_code, back.headers["Location"]) == (303, f"http://127.0.0.1/back?session={session.id}")
    done = shop.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["subscription.latest_invoice.payments", "customer", "line_items"]}
    )
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert (done.client_reference_id, done.customer.email, done.customer.address.country) == (
        "org-1",
        "ada@acme.test",
        "FR",
    )
    sub = done.subscription
    assert (sub.status, sub.metadata.to_dict(), sub["items"].data[0].quantity) == ("active", {"org": "1"}, 3)
    assert (sub.latest_invoice.status, sub.latest_invoice.amount_paid) == ("paid", 8700)
    assert sub.latest_invoice.payments.data[0].status == "paid"
    assert done.line_items.data[0].quantity == 3
    kinds = shop.kinds()
    assert kinds.index("customer.subscription.created") < kinds.index("invoice.paid")
    assert kinds[-1] == "checkout.session.completed"
    assert shop.told[-1].data.object.client_reference_id == "org-1"
    assert "complete" in requests.get(session.url, timeout=10).text


@pytest.mark.parametrize(
    ("card", "message"),
    [
        pytest.param("4000 0000 0000 0002", "generic_decline", id="declined"),
        pytest.param("4000000000009995", "insufficient_funds", id="no money"),
        pytest.param("4000000000000069", "expired_card", id="expired"),
        pytest.param("4000000000000341", "generic_decline", id="kept, but not charged"),
        pytest.param("1234", "not right", id="no card at all"),
    ],
)
def test_who_does_not_pay_has_nothing(shop, card, message):
    session = shop.checkout(shop.price())
    answer = shop.page(session.url, **{**TYPED, "card": card})
    assert answer.status_code == 400
    assert message in _message(answer)
    assert shop.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert shop.v1.subscriptions.list().data == []
    assert shop.page(session.url, **TYPED).status_code == 303


@pytest.mark.parametrize(("answer", "status"), [pytest.param("yes", "complete"), pytest.param("no", "open")])
def test_the_bank_asks(shop, answer, status):
    session = shop.checkout(shop.price())
    there = shop.page(session.url, **{**TYPED, "card": "4000002760003184"})
    assert there.headers["Location"] == f"/3ds/{session.id}"
    bank = shop.url + there.headers["Location"]
    assert "Is it you" in requests.get(bank, timeout=10).text
    shop.page(bank, answer=answer)
    assert shop.v1.checkout.sessions.retrieve(session.id).status == status
    assert len(shop.v1.subscriptions.list().data) == (status == "complete")
    assert requests.get(bank, timeout=10).status_code == 404


def test_a_trial_needs_no_card_where_that_was_said(shop):
    session = shop.checkout(
        shop.price(),
        payment_method_collection="if_required",
        subscription_data={
            "trial_period_days": 14,
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        },
    )
    assert session.amount_total == 0
    assert "No card is needed" in requests.get(session.url, timeout=10).text
    shop.page(session.url, email="ada@acme.test", name="Ada", country="FR")
    done = shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert (done.payment_status, done.subscription.status) == ("no_payment_required", "trialing")
    assert done.subscription.trial_end == done.subscription.created + 14 * DAY
    shop.fake.advance(11 * DAY)
    assert shop.kinds()[-1] == "customer.subscription.trial_will_end"
    shop.fake.advance(3 * DAY)
    assert shop.kinds()[-1] == "customer.subscription.deleted"
    assert shop.v1.subscriptions.retrieve(done.subscription.id).status == "canceled"


def test_codes_tax_ids_and_terms(shop):
    coupon = shop.v1.coupons.create({"percent_off": "20", "duration": "forever"})
    shop.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "LESS"})
    session = shop.checkout(
        shop.price(),
        allow_promotion_codes=True,
        tax_id_collection={"enabled": True},
        consent_collection={"terms_of_service": "required"},
        automatic_tax={"enabled": True},
    )
    assert "agreed" in _message(shop.page(session.url, **TYPED))
    typed = {**TYPED, "terms": "yes", "tax_type": "eu_vat", "tax_value": "FR12345678901"}
    assert "no such code" in _message(shop.page(session.url, **typed, code="MORE"))
    assert "tax id" in _message(shop.page(session.url, **{**typed, "tax_value": "1"}))
    assert shop.page(session.url, **typed, code="less").status_code == 303
    done = shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription.discounts", "invoice"]})
    assert (done.amount_subtotal, done.amount_total, done.total_details.amount_discount) == (8700, 6960, 1740)
    assert done.invoice.total == 6960
    assert done.customer_details.tax_ids[0].value == "FR12345678901"
    assert done.consent.terms_of_service == "accepted"
    assert shop.v1.coupons.retrieve(coupon.id).times_redeemed == 1


def test_a_session_expires(shop):
    session = shop.checkout(shop.price())
    shop.fake.advance(DAY)
    assert shop.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert shop.kinds()[-1] == "checkout.session.expired"
    assert shop.page(session.url, **TYPED).status_code == 200
    assert shop.v1.subscriptions.list().data == []
    with pytest.raises(InvalidRequestError):
        shop.v1.checkout.sessions.expire(session.id)


def test_a_buyer_may_take_more_where_that_was_said(shop):
    price = shop.price()
    session = shop.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": price.id, "quantity": 1, "adjustable_quantity": {"enabled": True, "maximum": 5}}],
            "success_url": "http://127.0.0.1/back",
        }
    )
    field = re.search(r"name='(quantity_\w+)'", requests.get(session.url, timeout=10).text)[1]
    assert "not sold" in _message(shop.page(session.url, **TYPED, **{field: "6"}))
    shop.page(session.url, **TYPED, **{field: "5"})
    assert shop.v1.checkout.sessions.retrieve(session.id).amount_total == 5 * 2900


def test_a_card_can_be_kept_for_later_and_money_paid_once(shop):
    customer = shop.customer("")
    session = shop.v1.checkout.sessions.create(
        {"mode": "setup", "customer": customer.id, "currency": "eur", "success_url": "http://127.0.0.1/back"}
    )
    shop.page(session.url, **TYPED)
    kept = shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent.payment_method"]})
    assert (kept.setup_intent.status, kept.setup_intent.payment_method.card.last4) == ("succeeded", "4242")
    product = shop.v1.products.create({"name": "Once"})
    once = shop.v1.prices.create({"product": product.id, "currency": "eur", "unit_amount": 1000})
    session = shop.v1.checkout.sessions.create(
        {"mode": "payment", "line_items": [{"price": once.id, "quantity": 2}], "success_url": "http://127.0.0.1/back"}
    )
    shop.page(session.url, **TYPED)
    paid = shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (paid.payment_intent.amount_received, paid.payment_intent.latest_charge.paid) == (2000, True)


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        pytest.param({"success_url": "javascript:alert(1)"}, "success_url", id="no web address"),
        pytest.param({"expires_at": 1}, "expires_at", id="too soon"),
        pytest.param({"line_items": []}, "line_items", id="nothing is bought"),
        pytest.param({"customer_update": {"name": "auto"}}, "customer_update", id="nobody to change"),
        pytest.param(
            {"subscription_data": {"trial_period_days": 0}}, "subscription_data[trial_period_days]", id="no trial"
        ),
        pytest.param({"subscription_data": {"trial_end": 1}}, "subscription_data[trial_end]", id="a trial in the past"),
        pytest.param({"customer": "cus_none"}, "customer", id="no such customer"),
        pytest.param({"mode": "payment"}, "subscription_data", id="parameters of another mode"),
        pytest.param({"colour": "red"}, "colour", id="an unknown parameter"),
        pytest.param({"discounts": [{"coupon": "none"}]}, "discounts[coupon]", id="no such coupon"),
        pytest.param({"ui_mode": "hosted"}, "ui_mode", id="a word of older versions"),
    ],
)
def test_refuses_a_session(shop, changes, param):
    price = shop.price()
    with pytest.raises(InvalidRequestError) as caught:
        shop.checkout(price, **{"subscription_data": {"description": "x"}, **changes})
    assert caught.value.param == param


def test_what_stripe_knows_and_the_fake_does_not_is_said_loudly(shop):
    answer = shop.post("/v1/checkout/sessions", {"mode": "payment", "success_url": "http://x", "submit_type": "donate"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "fake_does_not_know")


@pytest.mark.parametrize(
    ("account", "event", "status", "invoice"),
    [
        pytest.param("DE89370400440532013000", "succeeded", "active", "paid", id="the bank pays"),
        pytest.param("DE62370400440532013001", "failed", "past_due", "open", id="the bank does not"),
    ],
)
def test_a_bank_answers_a_day_later(shop, account, event, status, invoice):
    cards_alone = shop.checkout(shop.price())
    assert "cards alone" in _message(shop.page(cards_alone.url, **{**TYPED, "card": account}))
    session = shop.checkout(shop.price(), payment_method_types=["card", "sepa_debit"])
    shop.page(session.url, **{**TYPED, "card": account})
    done = shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription.latest_invoice"]})
    assert (done.status, done.payment_status, done.subscription.status) == ("complete", "unpaid", "active")
    assert done.subscription.latest_invoice.status == "open"
    assert "payment_intent.processing" in shop.kinds()
    with pytest.raises(InvalidRequestError):
        shop.v1.refunds.create({"charge": shop.v1.charges.list().data[0].id})
    shop.fake.advance(DAY)
    assert shop.kinds()[-1] == f"checkout.session.async_payment_{event}"
    done = shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription.latest_invoice"]})
    assert done.payment_status == ("paid" if event == "succeeded" else "unpaid")
    assert (done.subscription.status, done.subscription.latest_invoice.status) == (status, invoice)


def test_a_card_that_is_taken_away_is_charged_no_more(shop):
    session = shop.checkout(shop.price())
    shop.page(session.url, **TYPED)
    sub = shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]}).subscription
    shop.v1.payment_methods.detach(sub.default_payment_method)
    shop.fake.advance(32 * DAY)
    assert shop.v1.subscriptions.retrieve(sub.id).status == "past_due"
