"""Where an organization wants to be told of what happens, and what it was told."""

import json
from typing import ClassVar

from django.db import models
from django.db.models import Q

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.keyring import SealedField
from vallum_web.tenancy.models import TenantModel


class Occasion(models.TextChoices):
    """What can be told of. The words are part of the payload, and never change."""

    OPENED = "finding.opened", "Findings opened"
    REOPENED = "finding.reopened", "Findings reopened"
    RESOLVED = "finding.resolved", "Findings resolved"
    SUPPRESSED = "finding.suppressed", "Findings suppressed"
    DUE_SOON = "finding.due_soon", "Findings due within two days"
    OVERDUE = "finding.overdue", "Findings overdue"
    GATE_FAILED = "gate.failed", "Gate failed"
    SCAN_FAILED = "scan.failed", "Scan failed"


class Rhythm(models.TextChoices):
    """How often a rule tells."""

    ONCE = "once", "At once"
    HOURLY = "hourly", "Once an hour"
    DAILY = "daily", "Once a day"


class Follower(TenantModel):
    """How far the event log was read for an organization. There is none until somebody wants to be told of something."""

    transaction = models.BigIntegerField()
    """Events of this transaction and of those before it were read."""
    due_seen = models.DateTimeField()
    """What came due before this was told."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org"], name="follower_once"),
        ]

    def __str__(self) -> str:
        return str(self.transaction)


class Webhook(TenantModel):
    """An address that is called when something happens."""

    class Shape(models.TextChoices):
        WEBHOOK = "webhook", "Signed webhook"
        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"
        SIEM = "siem", "SIEM collector (JSON over HTTPS)"
        SYSLOG = "syslog", "Syslog over TLS"

    shape = models.CharField(max_length=7, choices=Shape, default=Shape.WEBHOOK)
    """What the other end understands. Chats check no signature: their addresses are secret. Syslog is `host:port`."""
    name = models.CharField(max_length=80)
    url = SealedField()
    """Whole: its path or query may be all that protects the other end."""
    host = models.CharField(max_length=260)
    """Of the address, with its port where it is another than 443: what pages and the API show."""
    secret = SealedField()
    """What signs; of a collector what stands in `Authorization`, or nothing."""
    former_secret = SealedField(blank=True, default="")
    """Signs too until `former_until`, so that the receiver can change over."""
    former_until = models.DateTimeField(null=True)
    occasions = models.JSONField(default=list)
    severity = models.PositiveSmallIntegerField(default=0)
    """Of findings: the rank of the least severity told of."""
    kinds = models.JSONField(default=list)
    """Of findings: those told of; none is all."""
    team = models.UUIDField(null=True)
    """Whose assets alone are told of. A plain id: with the team gone nothing fits, and nobody is told more than before."""
    importance = models.PositiveSmallIntegerField(null=True)
    """The rank of the least importance of an asset told of; null: any."""
    on = models.BooleanField(default=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_why = models.CharField(max_length=300, blank=True, default="")
    """Why the platform switched it off; empty where a person did."""
    failing_since = models.DateTimeField(null=True)
    """Since when nothing was taken; null after a delivery that was."""
    rests_until = models.DateTimeField(null=True)
    """After a failure nothing is sent until then, so that a broken receiver is not run over."""
    sending_until = models.DateTimeField(null=True)
    """Until when a worker has it: longer than a round takes, so that one that died holds it up for a minute at most."""
    made_at = models.DateTimeField(default=now)
    made_by = models.UUIDField(null=True)
    changed_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "name"], name="webhook_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Rule(TenantModel):
    """What a person, or an organization, wants to be told of: what, where, and how often."""

    class Way(models.TextChoices):
        INBOX = "inbox", "As a notice on the site"
        MAIL = "mail", "By mail"
        CHANNEL = "channel", "To a webhook or a chat"

    class Audience(models.TextChoices):
        OWNERS = "owners", "Owners and admins"
        SECURITY = "security", "Owners, admins and security people"
        TEAM = "team", "Who is in the team that it is narrowed to"
        EVERYONE = "everyone", "Everybody who may see findings"

    person = models.UUIDField(null=True)
    """Whose it is, and who alone is told; null: the organization's."""
    name = models.CharField(max_length=80)
    occasions = models.JSONField(default=list)
    severity = models.PositiveSmallIntegerField(default=0)
    """As of a webhook, like the three below."""
    kinds = models.JSONField(default=list)
    team = models.UUIDField(null=True)
    importance = models.PositiveSmallIntegerField(null=True)
    way = models.CharField(max_length=7, choices=Way)
    audience = models.CharField(max_length=8, choices=Audience, blank=True, default="")
    """Of the organization's own, by notice or mail: who is told."""
    webhook = TenantForeignKey(Webhook, models.CASCADE, null=True, related_name="+")
    """Of those to a channel."""
    rhythm = models.CharField(max_length=6, choices=Rhythm)
    on = models.BooleanField(default=True)
    transaction = models.BigIntegerField(default=0)
    """Of what is told together: events up to this transaction were told of."""
    due_seen = models.DateTimeField(default=now)
    """And what came due before this."""
    due_at = models.DateTimeField(null=True)
    """When it tells next; null where it tells at once."""
    made_at = models.DateTimeField(default=now)
    made_by = models.UUIDField(null=True)
    changed_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "person"], name="rule_of_person")]

    def __str__(self) -> str:
        return self.name


class Delivery(TenantModel):
    """One message for one webhook: the very bytes that are signed and sent, at the first try and at every later one."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"

    webhook = TenantForeignKey(Webhook, models.CASCADE, db_index=False, related_name="+")
    occasion = models.CharField(max_length=30)
    """One of `Occasion`, `digest` or `test`."""
    body = models.TextField()
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    """Since it last began to wait."""
    made_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField(null=True, default=now)
    """When it is tried next; null when it is over."""
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [
            models.Index(fields=["org", "webhook", "-id"], name="delivery_log"),
            models.Index(fields=["org", "webhook", "due_at"], condition=Q(status="waiting"), name="delivery_waiting"),
            models.Index(fields=["org", "made_at"], name="delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} ({self.status})"

    @property
    def message(self) -> str:
        """The header `webhook-id`, the same at each try."""
        return f"msg_{self.pk.hex}"

    @property
    def readable(self) -> str:
        """The body as a person reads it."""
        return json.dumps(json.loads(self.body), indent=2, ensure_ascii=False)


class Attempt(TenantModel):
    """One try of a delivery, and what was answered."""

    delivery = TenantForeignKey(Delivery, models.CASCADE, db_index=False, related_name="attempts")
    at = models.DateTimeField(default=now)
    status = models.PositiveSmallIntegerField(null=True)
    """Of the answer; null where there was none."""
    milliseconds = models.PositiveIntegerField()
    answer = models.TextField(blank=True, default="")
    """Its beginning, made safe to look at."""
    problem = models.TextField(blank=True, default="")
    """Why it is not taken as delivered; empty where it is."""

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "delivery", "id"], name="attempt_of_delivery")]

    def __str__(self) -> str:
        return str(self.status or self.problem)
