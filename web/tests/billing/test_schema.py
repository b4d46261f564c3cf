"""What is kept of money is a closed list. A column more is a decision about the privacy policy, not a migration."""

from pathlib import Path

import pytest
from django.apps import apps
from django.template.loader import get_template

from vallum_web import billing
from vallum_web.billing.figures import COLUMNS


@pytest.mark.policy("PP-1.4c")
def test_nothing_of_money_is_kept_but_this():
    columns = {
        model.__name__: " ".join(field.name for field in model._meta.concrete_fields)
        for model in apps.get_app_config("billing").get_models()
    }
    assert columns == COLUMNS


@pytest.mark.policy("PP-1.4a")
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
