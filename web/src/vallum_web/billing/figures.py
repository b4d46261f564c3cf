"""Live figures about money; see tenancy/figures.py."""

from datetime import timedelta

from django.apps import apps

from vallum_web.billing.models import BillingEventInbox
from vallum_web.tenancy import clock
from vallum_web.tenancy.figures import figure

COLUMNS = {
    "BillingAccount": "id org provider customer_id region currency",
    "SubscriptionMirror": (
        "id org account subscription_id price_id plan status seats period_end cancel_at trial_end fetched_at"
    ),
    "InvoiceRef": "id org account invoice_id number status issued_at",
    "BillingCommand": "id org provider kind args state result_id error asked_by agreed_by asked_at sent_at",
    "PurgedCustomer": "digest at",
    "BillingEventInbox": "id provider event_id type object_id body_sha256 received_at state attempts error",
}
"""All that is kept of money. A column more is a decision about the privacy policy, not a migration."""


@figure("billing-columns", "PP-1.4c", words="columns about money beyond what the policy names", at_most=0)
def columns() -> float:
    kept = {
        (model.__name__, field.name)
        for model in apps.get_app_config("billing").get_models()
        for field in model._meta.concrete_fields  # noqa: SLF001 - Django's documented way to a model's fields
    }
    return len(kept - {(model, name) for model, names in COLUMNS.items() for name in names.split()})


@figure("billing-unread", "PP-2b", words="notices of payment providers that wait for more than a day", at_most=0)
def unread() -> float:
    late = clock.now() - timedelta(days=1)
    return BillingEventInbox.objects.filter(state=BillingEventInbox.State.WAITING, received_at__lt=late).count()
