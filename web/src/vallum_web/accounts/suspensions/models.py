"""Suspensions of people and organizations, and what was answered to appeals."""

from typing import ClassVar

from django.db import models

from vallum_web.accounts.suspensions.rules import Clause
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Suspension(models.Model):
    """A time in which a person, or an organization, does no work here: for what, from when, and who decided it.

    `tenancy.Suspended` has a row while it is to come or holds: that is what doors and jobs ask.
    """

    class Whose(models.TextChoices):
        PERSON = "person", "A person"
        ORG = "org", "An organization"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    whose = models.CharField(max_length=6, choices=Whose)
    subject = models.UUIDField()
    clause = models.CharField(max_length=20, choices=Clause)
    reason = models.CharField(max_length=1000)
    urgent = models.BooleanField(default=False)
    """Others were being harmed: it held at once, and was told afterwards."""
    made_at = models.DateTimeField(default=now)
    made_by = models.UUIDField(null=True)
    """Null: put back after a restore."""
    starts_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    """Null: until it is lifted."""
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)
    """Null: its time was over."""
    end_reason = models.CharField(max_length=1000, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject"], condition=models.Q(ended_at=None), name="suspension_one_open"),
        ]
        indexes: ClassVar = [models.Index(fields=["ended_at"], name="suspension_ended")]

    def __str__(self) -> str:
        return f"{self.whose} {self.subject}: {self.clause}"


class Appeal(models.Model):
    """What somebody who is suspended has to say against it, and what was decided."""

    class Outcome(models.TextChoices):
        LIFTED = "lifted", "Lifted"
        KEPT = "kept", "Kept"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    suspension = models.ForeignKey(Suspension, models.CASCADE, related_name="appeals")
    text = models.TextField()
    made_at = models.DateTimeField(default=now)
    made_by = models.UUIDField()
    due_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    outcome = models.CharField(max_length=6, choices=Outcome, blank=True, default="")
    words = models.CharField(max_length=1000, blank=True, default="")
    """The reason of the decision, as it was mailed."""
    alone = models.BooleanField(default=False)
    """Decided a day later by whoever had suspended them: there was no second operator."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["suspension"], condition=models.Q(decided_at=None), name="appeal_one_open"),
        ]
        indexes: ClassVar = [models.Index(fields=["decided_at", "due_at"], name="appeal_due")]

    def __str__(self) -> str:
        return f"{self.suspension_id}: {self.outcome or 'open'}"
