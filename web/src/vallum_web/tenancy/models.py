"""The tenant, what it owns, and what happened to it."""

import os
from typing import ClassVar, Self, TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import RowLevelSecurity
from vallum_web.tenancy.keys import uuid7


def new_salt() -> bytes:
    return os.urandom(16)


def default_plan() -> str:
    return str(settings.DEFAULT_PLAN)


Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class Org(models.Model):
    """The tenant. Its own row is the only one of this table that its scope can see."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=40, unique=True)
    created_at = models.DateTimeField(default=now)
    plan = models.CharField(max_length=12, default=default_plan)
    """What it has where nothing else is given (`Entitlement`): one of tenancy/plans.py, by its id."""
    seats = models.PositiveIntegerField(null=True)
    """How many members were bought; null: as many as the plan has."""
    two_step_from = models.DateTimeField(null=True)
    """From when on its members need a second step at sign-in; null: they are not asked for one."""
    live_checks = models.BooleanField(default=False)
    """Whether the issuers of found secrets are asked if these still work."""
    salt = models.BinaryField(max_length=16, default=new_salt, editable=False)
    """Half of the key that stands for this organization's secrets in the record; gone with the row."""

    class Meta:
        constraints: ClassVar = [RowLevelSecurity(name="tenancy_org_tenant", field="id")]

    def __str__(self) -> str:
        return self.slug


class Leaving(models.Model):
    """A person or an organization that is being deleted: nothing of theirs is visible to work from then on."""

    id = models.UUIDField(primary_key=True, editable=False)

    def __str__(self) -> str:
        return str(self.id)


class Suspended(models.Model):
    """A person or an organization that may not work for a time; why, and what can be done, is in the register of suspensions."""

    id = models.UUIDField(primary_key=True, editable=False)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    """Null: until it is lifted."""

    def __str__(self) -> str:
        return str(self.id)


class OrgQuerySet(models.QuerySet[Row_co]):
    """Reads that start by naming the organization, although the database would refuse the rest anyway."""

    def of(self, org: Org | UUID) -> Self:
        return self.filter(org_id=org.pk if isinstance(org, Org) else org)


class TenantModel(models.Model):
    """A row that belongs to one organization: UUIDv7 key, forced row-level security, references inside the tenant."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    org = models.ForeignKey(Org, models.CASCADE, db_index=False, related_name="+")

    objects = OrgQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints: ClassVar = [
            RowLevelSecurity(name="%(app_label)s_%(class)s_tenant"),
            models.UniqueConstraint(fields=["org", "id"], name="%(app_label)s_%(class)s_org_id"),
        ]


class Entitlement(TenantModel):
    """A plan given for a time, beside what the organization has anyway. `plans.entitle` says which one holds."""

    class Source(models.TextChoices):
        GRANT = "grant", "By agreement"
        TRIAL = "trial", "Trial"
        STRIPE = "stripe", "Subscription by Stripe"
        RAZORPAY = "razorpay", "Subscription by Razorpay"

    source = models.CharField(max_length=12, choices=Source)
    plan = models.CharField(max_length=12)
    seats = models.PositiveIntegerField(null=True)
    valid_until = models.DateTimeField(null=True)
    read_only_from = models.DateTimeField(null=True)
    """From when on nothing is changed until what is owed is paid."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "source"], name="entitlement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.plan} ({self.source})"


class FormerSlug(TenantModel):
    """An address the organization had: for 90 days it leads members on and is nobody else's, then it is free."""

    slug = models.SlugField(max_length=40)
    until = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "slug"], name="former_slug_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["slug"], name="former_slug")]

    def __str__(self) -> str:
        return self.slug


class Event(TenantModel):
    """Something that happened, written in the transaction that made it true and read by consumers with a cursor."""

    # No constraint of its own: the scope that the policy asks for is of an organization that exists, and a check per event is a
    # second for 100,000.
    org = models.ForeignKey(Org, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    kind = models.CharField(max_length=60)
    at = models.DateTimeField(default=now)
    actor = models.UUIDField(null=True)
    subject = models.UUIDField()
    data = models.JSONField(default=dict)
    transaction = models.BigIntegerField(editable=False)
    """`pg_current_xact_id()`: readers stay below the oldest one still running, so that none is passed over."""

    class Meta(TenantModel.Meta):
        # Nothing refers to an event, so (org, id) needs no index of its own.
        constraints: ClassVar = [RowLevelSecurity(name="tenancy_event_tenant")]
        indexes: ClassVar = [
            models.Index(fields=["org", "transaction", "id"], name="event_cursor"),
            models.Index(fields=["org", "subject", "-at"], name="event_subject"),
        ]

    def __str__(self) -> str:
        return self.kind


class Departure(TenantModel):
    """One row of the egress ledger: what left for whom, why, and how much. Never the content."""

    at = models.DateTimeField(default=now)
    entry = models.CharField(max_length=40, blank=True, default="")
    """The registry's (egress_registry.toml); none for what it did not foresee, which was refused."""
    party = models.CharField(max_length=253)
    purpose = models.CharField(max_length=40)
    address = models.CharField(max_length=45, blank=True)
    sent = models.BigIntegerField(default=0)
    received = models.BigIntegerField(default=0)
    ok = models.BooleanField()
    subject = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [
            models.Index(fields=["org", "-at"], name="departure_recent"),
            models.Index(fields=["org", "party", "-id"], name="departure_party"),
        ]

    def __str__(self) -> str:
        return f"{self.party} ({self.purpose})"


class PlatformDeparture(models.Model):
    """As Departure, for what the platform fetches once for everybody: no organization's, so each may see it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=now)
    entry = models.CharField(max_length=40, blank=True, default="")
    party = models.CharField(max_length=253)
    purpose = models.CharField(max_length=40)
    address = models.CharField(max_length=45, blank=True)
    sent = models.BigIntegerField(default=0)
    received = models.BigIntegerField(default=0)
    ok = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.party} ({self.purpose})"


class LimitUse(models.Model):
    """How far ahead one key of one limit is (`limits.rate`). The key is a keyed digest, so the table names nobody."""

    key = models.BinaryField(primary_key=True, max_length=16)
    moment = models.DateTimeField()
    passed = models.BooleanField()
    """Of the last attempt: how the one statement answers."""

    def __str__(self) -> str:
        return bytes(self.key).hex()


class LimitOverride(TenantModel):
    """An operator's own value of a limit for one organization."""

    name = models.CharField(max_length=60)
    count = models.PositiveIntegerField()
    seconds = models.PositiveIntegerField()
    burst = models.PositiveIntegerField()
    set_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "name"], name="limitoverride_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.count} in {self.seconds} s"


class LimitRefusal(TenantModel):
    """How often a limit refused an organization in one hour."""

    name = models.CharField(max_length=60)
    hour = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "name", "hour"], name="limitrefusal_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.count}"


class RequestLog(models.Model):
    """One request: who, from where, which route, how it ended and how long it took.

    Never its body, its query, its path or a header but the browser's name.

    It may precede any organization, so it is no tenant's row; policies of its own say who sees it (`requestlog`).
    """

    id = models.UUIDField(primary_key=True, editable=False)
    at = models.DateTimeField()
    method = models.CharField(max_length=10)
    route = models.CharField(max_length=100)
    status = models.PositiveSmallIntegerField()
    milliseconds = models.PositiveIntegerField()
    org = models.UUIDField(null=True)
    person = models.UUIDField(null=True)
    token = models.UUIDField(null=True)
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=200)
    private = models.BooleanField(default=False)
    """Whether the browser asked not to be followed: in figures of use the request is then nobody's."""

    class Meta:
        indexes: ClassVar = [
            BrinIndex(fields=["at"], name="requestlog_at", autosummarize=True),
            models.Index(fields=["org", "at"], name="requestlog_org"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.route} {self.status}"


class Repeatable(TenantModel):
    """A call of a machine under a key of its own (`Idempotency-Key`), and what it was answered: for a day."""

    class Withheld(models.TextChoices):
        SECRET = "secret", "It showed a secret, which is shown once."
        LARGE = "large", "It was too large to keep."

    token = models.UUIDField()
    key = models.BinaryField(max_length=32)
    """The key's SHA-256; `asked` is that of method, address, token and body. Neither is kept itself."""
    asked = models.BinaryField(max_length=32)
    begun_at = models.DateTimeField(default=now)
    status = models.PositiveSmallIntegerField(null=True)
    """Of the answer; null while the call runs, or after its process died."""
    body = models.TextField(blank=True, default="")
    withheld = models.CharField(max_length=10, choices=Withheld, blank=True, default="")
    """Why the body is not kept."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "token", "key"], name="repeatable_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["org", "begun_at"], name="repeatable_begun")]

    def __str__(self) -> str:
        return f"{self.status or 'running'}"
