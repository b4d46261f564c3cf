"""What is kept of money is a closed list. A column more is a decision about the privacy policy, not a migration."""

from pathlib import Path

import pytest
from django.apps import apps
from django.template.loader import get_template

from vallum_web import billing

ALLOWED = {
    "BillingAccount": "id org provider customer_id region currency",
    "SubscriptionMirror": (
        "id org account subscription_id price_id plan status seats period_end cancel_at trial_end fetched_at"
    ),
    "InvoiceRef": "id org account invoice_id number status issued_at",
    "BillingCommand": "id org provider kind args state result_id error asked_by agreed_by asked_at sent_at",
    "PurgedCustomer": "digest at",
    "BillingEventInbox": "id provider event_id type object_id body_sha256 received_at state attempts error",
}


def test_nothing_of_money_is_kept_but_this():
    columns = {
        model.__name__: " ".join(field.name for field in model._meta.concrete_fields)
        for model in apps.get_app_config("billing").get_models()
    }
    assert columns == ALLOWED


@pytest.mark.asvs("14.2.4")
def test_no_page_asks_for_a_card():
    """Cards are typed in on the provider's own pages: none of ours has a field for one, or loads the provider's script."""
    web = Path(billing.__file__).parents[1]
    pages = sorted(web.glob("**/templates/**/*.html"))
    assert len(pages) > 100
    for page in pages:
        text = page.read_text("utf-8").lower()
        for word in (
            'autocomplete="cc-',
            "card_number",
            "cardnumber",
            "cvc",
            "cvv",
            "js.stripe.com",
            "checkout.razorpay.com",
        ):
            assert word not in text, (page.name, word)
    assert get_template("billing/plan.html")
