"""Actions on many findings."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.models import TenantModel


class Bulk(TenantModel):
    """One action on many findings, done in parts: where it broke off it goes on."""

    class Verb(models.TextChoices):
        SUPPRESS = "suppress", "Suppress"
        LIFT = "lift", "Take suppressions back"
        ASSIGN = "assign", "Assign"
        RULE = "rule", "Hide by a rule"
        UNRULE = "unrule", "Lift a rule"

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    verb = models.CharField(max_length=8, choices=Verb)
    arguments = models.JSONField(default=dict)
    """As the verb needs them: reason, justification, note, until; assignee, team; the suppression rule."""
    keys = models.JSONField(default=list)
    """The findings chosen one by one; empty: all that match `query`."""
    query = models.TextField(blank=True)
    """The worklist's filters, as in its address."""
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    by = models.UUIDField()
    made_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField()
    """How many matched when it was confirmed."""
    seen = models.PositiveIntegerField(default=0)
    touched = models.PositiveIntegerField(default=0)
    """Of those seen, how many it changed."""
    cursor = models.UUIDField(null=True)
    """The last finding that was seen."""
    failure = models.TextField(blank=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "-id"], name="bulk_newest")]

    def __str__(self) -> str:
        return f"{self.verb} {self.seen}/{self.total}"
