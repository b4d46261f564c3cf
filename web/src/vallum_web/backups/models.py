"""What was done about backups, for whoever wants to see it; and a secret that a drill tries to read. Nobody's rows."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Run(models.Model):
    """One backup, look, drill or restore, and how it ended."""

    class Kind(models.TextChoices):
        BACKUP = "backup", "Backup"
        CHECK = "check", "Look at the storages"
        DRILL = "drill", "Restore drill"
        RESTORE = "restore", "Restore"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(default=now)
    failure = models.TextField(blank=True)
    """Empty where it went well."""
    backup = models.CharField(max_length=40, blank=True)
    """Which one, by its name."""
    size = models.BigIntegerField(default=0)
    """Bytes in the storage."""
    rows = models.BigIntegerField(default=0)
    """Of the database, counted when it was backed up and, by a drill, when it was restored."""
    rpo = models.FloatField(null=True)
    """Of a drill or a restore: seconds between the backup and its begin, which is what would have been lost."""
    rto = models.FloatField(null=True)
    """Of a drill or a restore: seconds until the platform could have been opened."""
    erased = models.PositiveIntegerField(null=True)
    """Of a drill or a restore: how many people and organizations were looked up whose erasure the ledger holds."""
    resurrected = models.PositiveIntegerField(null=True)
    """How many of them were found."""
    oldest = models.FloatField(null=True)
    """Of a look: days of the oldest thing that lies in the storage."""
    override = models.TextField(blank=True)
    """Of a restore that was opened although something was not as it should be: what, and the operator's reason."""

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "-began_at"], name="backups_run_recent")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.failure or 'well'}"


class Canary(models.Model):
    """A text that nobody needs, sealed as people's secrets are: without the keyring it must stay unread."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sealed = models.TextField()
    sha256 = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return "canary"
