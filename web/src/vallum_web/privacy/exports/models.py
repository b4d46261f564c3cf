"""Archives that were asked for, and the parts that they became."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import TenantModel


class Archive(models.Model):
    """What the two sorts have in common. It is gone after a week, the row with it."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being written"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    status = models.CharField(max_length=7, choices=Status, default=Status.QUEUED)
    asked_at = models.DateTimeField(default=now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    plan = models.JSONField(default=list)
    """What is written one after the other, as [kind, what, organization]; settled when the first attempt begins."""
    parts = models.JSONField(default=list)
    """Each a blob, its size and digest, the files in it, and where the next one goes on: `[step, file, key]`."""
    rows = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    failure = models.TextField(blank=True)

    class Meta:
        abstract = True

    @property
    def owner(self) -> UUID:
        """Whose folder the blobs lie in."""
        raise NotImplementedError

    @property
    def progress(self) -> str:
        """In words; empty before it began."""
        if not self.plan:
            return ""
        done = self.parts[-1]["next"][0] if self.parts else 0
        return f"{done} of {len(self.plan)} tables, {self.rows:,} rows"


class PersonExport(Archive):
    """Everything on one person. It belongs to them and to no organization."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.UUIDField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["person", "-asked_at"], name="person_export_recent"),
            models.Index(fields=["expires_at"], name="person_export_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.status}"

    @property
    def owner(self) -> UUID:
        return self.person


class OrgExport(TenantModel, Archive):
    """Everything of one organization."""

    by = models.UUIDField()
    held_until = models.DateTimeField(null=True)
    """Set while it waits because it is unusual (accounts/abuse)."""

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "expires_at"], name="org_export_expiry")]

    def __str__(self) -> str:
        return f"{self.org_id} {self.status}"

    @property
    def owner(self) -> UUID:
        key: Any = self.org_id
        return UUID(str(key))
