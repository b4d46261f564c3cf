"""One row a deletion. Everyday work sees none: row-level security shows them to the privacy centre and the purge alone."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7

DIGEST = 32


class Deletion(models.Model):
    """Of a person or an organization: asked for, waited for, carried out. It outlives them, without naming them."""

    class Whose(models.TextChoices):
        PERSON = "person", "Account"
        ORG = "org", "Organization"

    class State(models.TextChoices):
        PENDING = "pending", "Hidden, and can be had back"
        RECOVERED = "recovered", "Taken back"
        PURGING = "purging", "Being deleted for good"
        PURGED = "purged", "Deleted for good"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    whose = models.CharField(max_length=6, choices=Whose)
    subject = models.UUIDField()
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    asked_at = models.DateTimeField(default=now)
    asked_by = models.UUIDField(null=True)
    purge_at = models.DateTimeField()
    silent = models.BooleanField(default=False)
    """Carried out after a restore of what had been erased before: nobody is mailed a second time."""
    told_near = models.BooleanField(default=False)
    done = models.JSONField(default=dict)
    """The steps of the purge that are over, each with how much it deleted."""
    facts = models.JSONField(default=dict)
    """What outside parties need to be told, gathered before the rows that know it go: gone with the purge."""
    sealed = models.TextField(blank=True, default="")
    """Where the receipt goes, under a key of this deletion's own: both are destroyed when it is sent."""
    purged_at = models.DateTimeField(null=True)
    backups_until = models.DateField(null=True)
    receipt_link = models.BinaryField(max_length=DIGEST, null=True)
    """SHA-256 of the secret in the receipt's address."""
    receipt = models.JSONField(null=True)
    second_receipt = models.JSONField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject"],
                condition=models.Q(state__in=("pending", "purging")),
                name="deletion_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "purge_at"], name="deletion_due")]

    def __str__(self) -> str:
        return f"{self.whose} {self.state}"


class Preservation(models.Model):
    """An authority has a person's data preserved: no deletion of them is carried out until it ends."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.UUIDField()
    made_at = models.DateTimeField(default=now)
    until = models.DateTimeField(null=True)
    """Null: until it is lifted."""
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject", "lifted_at"], name="preservation_in_force")]

    def __str__(self) -> str:
        return f"{self.subject} until {self.until}"
