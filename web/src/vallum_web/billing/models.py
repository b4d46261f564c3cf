"""What is kept of money: ids of the provider, a subscription's status, plan, seats and dates. Everything else stays there.

No name, no address, no tax number, no amount (but of a refund that we order, among its args) and nothing of a card:
`tests/billing/test_schema.py` fails on any column more.
"""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import TenantModel


class Provider(models.TextChoices):
    STRIPE = "stripe", "Stripe"
    RAZORPAY = "razorpay", "Razorpay"


class Status(models.TextChoices):
    """Of a subscription, in one language for both providers."""

    INCOMPLETE = "incomplete", "Waiting for the first payment"
    TRIALING = "trialing", "On trial"
    ACTIVE = "active", "Active"
    PAST_DUE = "past_due", "Payment overdue"
    UNPAID = "unpaid", "Not paid"
    PAUSED = "paused", "Paused"
    CANCELED = "canceled", "Cancelled"


class BillingAccount(TenantModel):
    """The organization as a provider knows it."""

    provider = models.CharField(max_length=10, choices=Provider)
    customer_id = models.CharField(max_length=100)
    region = models.CharField(max_length=2, blank=True, default="")
    """The country, as ISO 3166-1 writes it."""
    currency = models.CharField(max_length=3)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "provider"], name="billingaccount_once"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.customer_id}"


class SubscriptionMirror(TenantModel):
    """A subscription as the provider told of it when it was last asked."""

    account = TenantForeignKey(BillingAccount, models.CASCADE, db_index=False, related_name="subscriptions")
    subscription_id = models.CharField(max_length=100)
    price_id = models.CharField(max_length=100)
    plan = models.CharField(max_length=12)
    status = models.CharField(max_length=10, choices=Status)
    seats = models.PositiveIntegerField()
    period_end = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True)
    trial_end = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField()
    """When the question was put, not when the answer came: an answer to an earlier question changes nothing."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "account", "subscription_id"], name="subscriptionmirror_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.status}"


class InvoiceRef(TenantModel):
    """That there is an invoice. What it says is shown from the provider, and not kept."""

    account = TenantForeignKey(BillingAccount, models.CASCADE, db_index=False, related_name="invoices")
    invoice_id = models.CharField(max_length=100)
    number = models.CharField(max_length=60, blank=True, default="")
    status = models.CharField(max_length=16)
    issued_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "account", "invoice_id"], name="invoiceref_once"),
        ]

    def __str__(self) -> str:
        return self.number or self.invoice_id


class BillingCommand(TenantModel):
    """What we ask a provider to do: written before it is sent, and sent again under the same key until there is an answer."""

    class State(models.TextChoices):
        WAITING = "waiting", "Not sent yet"
        SENT = "sent", "Sent, no answer yet"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"

    provider = models.CharField(max_length=10, choices=Provider)
    kind = models.CharField(max_length=20)
    args = models.JSONField(default=dict)
    """Plan, period, currency, seats, provider ids: what the kind needs. Nothing about a person."""
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    result_id = models.CharField(max_length=100, blank=True, default="")
    error = models.CharField(max_length=200, blank=True, default="")
    """The provider's code of why it refused."""
    asked_by = models.UUIDField(null=True)
    agreed_by = models.UUIDField(null=True)
    """The second person, where two are needed."""
    asked_at = models.DateTimeField(default=now)
    sent_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [
            models.Index(
                fields=["org", "sent_at"], condition=models.Q(state__in=["waiting", "sent"]), name="billingcommand_open"
            ),
            models.Index(fields=["org", "-id"], name="billingcommand_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class BillingEventInbox(models.Model):
    """That a provider told us of something. Its body names people and is not kept: the thing itself is fetched.

    It comes before it is known whose it is, so it is no tenant's row.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Not followed yet"
        DONE = "done", "Followed"
        IGNORED = "ignored", "Nothing we follow"
        PARKED = "parked", "Of no organization that we know"
        DROPPED = "dropped", "Of a customer who is gone"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=10, choices=Provider)
    event_id = models.CharField(max_length=100)
    type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=100)
    body_sha256 = models.BinaryField(max_length=32)
    received_at = models.DateTimeField(default=now)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="billingeventinbox_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["received_at"], condition=models.Q(state__in=["waiting", "parked"]), name="billinginbox_open"
            ),
            models.Index(fields=["provider", "-received_at"], name="billinginbox_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.state}"


class PurgedCustomer(models.Model):
    """That a customer was purged: what a provider tells of them later is acknowledged, dropped and counted.

    It outlives the organization, so it is no tenant's row, and names nobody: a digest alone can be compared.
    """

    digest = models.BinaryField(primary_key=True, max_length=32)
    """SHA-256 of `provider|customer_id`."""
    at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return bytes(self.digest).hex()
