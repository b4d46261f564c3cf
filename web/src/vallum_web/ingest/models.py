"""Reports as they arrived, kept before they are read."""

from typing import ClassVar

from django.db import models

from vallum_web.scans.models import Scan
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import TenantModel


class Upload(TenantModel):
    """A report, raw, in our wire format or another tool's: a reader's bug is a re-run, not data loss. Kept for 24 hours."""

    class Status(models.TextChoices):
        KEPT = "kept", "Kept, not read yet"
        DIGESTED = "digested", "Digested"
        REFUSED = "refused", "Refused"

    scan = TenantForeignKey(Scan, models.CASCADE, related_name="+")
    status = models.CharField(max_length=8, choices=Status, default=Status.KEPT)
    blob = models.UUIDField(null=True)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(default=now)
    problem = models.TextField(blank=True)
    name = models.CharField(max_length=200, blank=True)
    """Of the file, as its sender calls it."""
    named = models.CharField(max_length=60, blank=True)
    """The format that it is to be read as; empty: the one its content shows."""
    whole = models.BooleanField(default=True)
    """Whether it is all that its tool has to say, so that what it does not list has ended."""

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "received_at"], name="upload_age")]

    def __str__(self) -> str:
        return f"{self.digest[:12]} {self.status}"
