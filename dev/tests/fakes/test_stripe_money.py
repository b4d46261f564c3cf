"""Refunds, credit notes, disputes, the portal and single payments at the fake Stripe."""

import pytest
import requests
from stripe import CardError, InvalidRequestError

from dev.tests.fakes.paying import DAY


@pytest.fixture
def paid(shop):
    """A subscription with its first invoice, paid."""
    return shop.subscribe(shop.customer(), shop.price(), expand=["latest_invoice.payments"]).latest_invoice


def _intent(shop, invoice):
    return shop.v1.payment_intents.retrieve(invoice.payments.data[0].payment.payment_intent)


def test_refunds_in_parts_and_no_more_than_all(shop, paid):
    intent = _intent(shop, paid)
    part = shop.v1.refunds.create({"payment_intent": intent.id, "amount": 700, "reason": "requested_by_customer"})
    assert (part.status, part.amount) == ("succeeded", 700)
    with pytest.raises(InvalidRequestError) as caught:
        shop.v1.refunds.create({"charge": intent.latest_charge, "amount": 8001})
    assert caught.value.param == "amount"
    shop.v1.refunds.create({"charge": intent.latest_charge})
    charge = shop.v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]})
    assert (charge.refunded, charge.amount_refunded, len(charge.refunds.data)) == (True, 8700, 2)
    with pytest.raises(InvalidRequestError) as caught:
        shop.v1.refunds.create({"charge": intent.latest_charge})
    assert caught.value.code == "charge_already_refunded"
    assert shop.kinds()[-3:] == ["refund.created", "charge.refunded", "refund.updated"]


def test_a_credit_note_after_payment(shop, paid):
    with pytest.raises(InvalidRequestError):
        shop.v1.credit_notes.create({"invoice": paid.id, "amount": 2000})
    with pytest.raises(InvalidRequestError):
        shop.v1.credit_notes.create({"invoice": paid.id, "amount": 9000, "refund_amount": 9000})
    note = shop.v1.credit_notes.create(
        {"invoice": paid.id, "amount": 2000, "refund_amount": 1500, "credit_amount": 500, "reason": "order_change"}
    )
    assert (note.type, note.post_payment_amount, note.refunds[0].amount_refunded) == ("post_payment", 2000, 1500)
    assert shop.v1.invoices.retrieve(paid.id).post_payment_credit_notes_amount == 2000
    assert shop.v1.customers.retrieve(paid.customer).balance == -500
    with pytest.raises(InvalidRequestError):
        shop.v1.credit_notes.void_credit_note(note.id)


def test_a_credit_note_before_payment(shop):
    customer = shop.customer("")
    sub = shop.subscribe(customer, shop.price(), payment_behavior="default_incomplete")
    note = shop.v1.credit_notes.create({"invoice": sub.latest_invoice, "amount": 700})
    assert shop.v1.invoices.retrieve(sub.latest_invoice).amount_remaining == 8000
    shop.v1.credit_notes.void_credit_note(note.id)
    assert shop.v1.invoices.retrieve(sub.latest_invoice).amount_remaining == 8700
    shop.v1.credit_notes.create({"invoice": sub.latest_invoice, "amount": 8700})
    assert shop.v1.invoices.retrieve(sub.latest_invoice).status == "paid"


@pytest.mark.parametrize(("text", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_a_dispute(shop, text, status):
    shop.subscribe(shop.customer("createDispute"), shop.price())
    shop.fake.advance(120)
    found = shop.v1.disputes.list().data[0]
    assert (found.status, found.reason, found.amount) == ("needs_response", "fraudulent", 8700)
    with pytest.raises(InvalidRequestError) as caught:
        shop.v1.refunds.create({"charge": found.charge})
    assert caught.value.code == "charge_disputed"
    assert shop.v1.disputes.update(found.id, {"evidence": {"uncategorized_text": text}}).status == status
    assert "charge.dispute.closed" in shop.kinds()
    with pytest.raises(InvalidRequestError):
        shop.v1.disputes.close(found.id)


def test_invoices_by_hand(shop):
    customer = shop.customer()
    shop.v1.invoice_items.create({"customer": customer.id, "amount": 500, "currency": "eur", "description": "Help"})
    draft = shop.v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    assert (draft.status, draft.total, draft.number) == ("draft", 500, None)
    opened = shop.v1.invoices.finalize_invoice(draft.id)
    assert (opened.status, bool(opened.number), bool(opened.hosted_invoice_url)) == ("open", True, True)
    with pytest.raises(InvalidRequestError):
        shop.v1.invoices.finalize_invoice(draft.id)
    with pytest.raises(InvalidRequestError):
        shop.v1.invoices.delete(draft.id)
    assert shop.v1.invoices.mark_uncollectible(draft.id).status == "uncollectible"
    assert shop.v1.invoices.void_invoice(draft.id).status == "void"
    with pytest.raises(InvalidRequestError):
        shop.v1.invoices.pay(draft.id)
    other = shop.v1.invoices.create({"customer": customer.id})
    shop.v1.invoice_items.create({"customer": customer.id, "amount": 700, "currency": "eur", "invoice": other.id})
    assert shop.v1.invoices.pay(other.id).amount_paid == 700
    assert shop.v1.invoices.delete(shop.v1.invoices.create({"customer": customer.id}).id).deleted


def test_single_payments(shop):
    customer = shop.customer()
    asked = {"amount": 2000, "currency": "eur", "customer": customer.id, "confirm": True}
    done = shop.v1.payment_intents.create({**asked, "payment_method": "pm_card_visa"})
    assert (done.status, done.amount_received) == ("succeeded", 2000)
    with pytest.raises(CardError) as caught:
        shop.v1.payment_intents.create({**asked, "payment_method": "pm_card_chargeDeclinedInsufficientFunds"})
    assert (caught.value.code, caught.value.error.decline_code) == ("card_declined", "insufficient_funds")
    asks = shop.v1.payment_intents.create({**asked, "payment_method": "pm_card_authenticationRequired"})
    assert asks.status == "requires_action"
    shop.page(asks.next_action.redirect_to_url.url, answer="no")
    assert shop.v1.payment_intents.retrieve(asks.id).status == "requires_payment_method"
    with pytest.raises(CardError) as caught:
        shop.v1.payment_intents.create(
            {**asked, "payment_method": "pm_card_authenticationRequired", "off_session": True}
        )
    assert caught.value.code == "authentication_required"
    for wrong in ({"amount": 49}, {"currency": "euro"}, {"payment_method": "pm_none"}):
        with pytest.raises(InvalidRequestError):
            shop.v1.payment_intents.create({**asked, **wrong})
    with pytest.raises(InvalidRequestError):
        shop.v1.payment_intents.cancel(done.id)


def test_cards_that_cannot_be_kept(shop):
    customer = shop.customer("")
    with pytest.raises(CardError):
        shop.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    kept = shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    with pytest.raises(InvalidRequestError):
        shop.v1.payment_methods.attach(kept.id, {"customer": shop.customer("").id})
    shop.v1.payment_methods.detach(kept.id)
    with pytest.raises(InvalidRequestError):
        shop.v1.payment_methods.attach(kept.id, {"customer": customer.id})
    with pytest.raises(CardError):
        shop.v1.payment_methods.create({"type": "card", "card": {"number": "4242424242424242"}})


def test_the_portal(shop):
    customer = shop.customer()
    sub = shop.subscribe(customer, shop.price())
    setting = shop.v1.billing_portal.configurations.create(
        {
            "features": {
                "payment_method_update": {"enabled": True},
                "invoice_history": {"enabled": True},
                "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
            }
        }
    )
    session = shop.v1.billing_portal.sessions.create(
        {"customer": customer.id, "return_url": "http://127.0.0.1/back", "configuration": setting.id}
    )
    page = requests.get(session.url, timeout=10).text
    assert "4242" in page
    assert "http://127.0.0.1/back" in page
    assert "name=email" not in page
    assert shop.page(session.url, act="customer_update", name="x").status_code == 400
    assert shop.page(session.url, act="payment_method_update", card="1").status_code == 400
    shop.page(session.url, act="payment_method_update", card="5555555555554444")
    assert "4444" in requests.get(session.url, timeout=10).text
    shop.page(session.url, act="subscription_cancel", subscription=sub.id)
    assert shop.v1.subscriptions.retrieve(sub.id).cancel_at_period_end
    shop.page(session.url, act="keep", subscription=sub.id)
    assert not shop.v1.subscriptions.retrieve(sub.id).cancel_at_period_end
    other = shop.subscribe(shop.customer(), shop.price())
    assert shop.page(session.url, act="subscription_cancel", subscription=other.id).status_code == 400
    assert shop.v1.billing_portal.sessions.create({"customer": customer.id}).configuration != setting.id


def test_tax_ids(shop):
    customer = shop.customer("", tax_id_data=[{"type": "eu_vat", "value": "FR12345678901"}])
    shop.v1.customers.tax_ids.create(customer.id, {"type": "in_gst", "value": "27AAAAA0000A1Z5"})
    found = shop.v1.customers.tax_ids.list(customer.id).data
    assert [(each.type, each.country) for each in found] == [("in_gst", "IN"), ("eu_vat", "FR")]
    shop.v1.customers.tax_ids.delete(customer.id, found[0].id)
    assert len(shop.v1.customers.retrieve(customer.id, {"expand": ["tax_ids"]}).tax_ids.data) == 1
    with pytest.raises(InvalidRequestError) as caught:
        shop.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "F"})
    assert caught.value.code == "tax_id_invalid"


def test_what_is_sold_can_be_withdrawn(shop):
    price = shop.price(lookup_key="pro-month")
    assert shop.v1.prices.list({"lookup_keys": ["pro-month"]}).data[0].id == price.id
    with pytest.raises(InvalidRequestError) as caught:
        shop.price(lookup_key="pro-month")
    assert caught.value.code == "resource_already_exists"
    shop.v1.prices.update(price.id, {"active": False})
    for act in (lambda: shop.checkout(price), lambda: shop.subscribe(shop.customer(), price)):
        with pytest.raises(InvalidRequestError):
            act()
    with pytest.raises(InvalidRequestError):
        shop.v1.products.delete(price.product)
    with pytest.raises(InvalidRequestError):
        shop.v1.prices.create({"currency": "eur", "product": price.product, "unit_amount": -1})


def test_codes_end(shop, clock):
    coupon = shop.v1.coupons.create({"percent_off": "10", "duration": "once", "redeem_by": int(clock()) + DAY})
    code = shop.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "TEN"})
    with pytest.raises(InvalidRequestError):
        shop.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "ten"})
    shop.v1.promotion_codes.update(code.id, {"active": False})
    with pytest.raises(InvalidRequestError):
        shop.checkout(shop.price(), discounts=[{"promotion_code": code.id}])
    shop.fake.advance(DAY)
    with pytest.raises(InvalidRequestError) as caught:
        shop.checkout(shop.price(), discounts=[{"coupon": coupon.id}])
    assert caught.value.code == "coupon_expired"
    for wrong in ({}, {"percent_off": "101"}, {"amount_off": 5}, {"percent_off": "5", "duration": "repeating"}):
        with pytest.raises(InvalidRequestError):
            shop.v1.coupons.create(wrong)


def test_a_refund_may_fail_later(shop):
    shop.subscribe(shop.customer("refundFail"), shop.price())
    charge = shop.v1.charges.list().data[0].id
    made = shop.v1.refunds.create({"charge": charge, "amount": 700})
    assert made.status == "succeeded"
    shop.fake.advance(60)
    assert shop.v1.refunds.retrieve(made.id).status == "failed"
    assert shop.v1.charges.retrieve(charge).amount_refunded == 0
    assert shop.kinds()[-1] == "refund.failed"
