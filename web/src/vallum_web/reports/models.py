"""Exports of the worklist: who asked for which list, and the parts of the file that it became."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import TenantModel


class Export(TenantModel):
    """A list of findings as a file. It is gone after a week, the row with it; the audit log keeps that it was."""

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        JSON = "json", "JSON"
        NDJSON = "ndjson", "NDJSON"
        SARIF = "sarif", "SARIF 2.1.0"
        CYCLONEDX = "cyclonedx", "CycloneDX 1.6 VEX"
        OPENVEX = "openvex", "OpenVEX 0.2.0"
        HTML = "html", "HTML report"
        PDF = "pdf", "PDF report"

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being written"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    format = models.CharField(max_length=12, choices=Format)
    query = models.TextField(blank=True)
    """The worklist's own address behind its question mark, in its one fixed order."""
    filename = models.CharField(max_length=120)
    status = models.CharField(max_length=7, choices=Status, default=Status.QUEUED)
    by = models.UUIDField()
    via = models.UUIDField(null=True)
    """The token that asked for it; `by` is who made that."""
    held_until = models.DateTimeField(null=True)
    """Set while it waits because it is unusual (accounts/abuse)."""
    asked_at = models.DateTimeField(default=now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    """How many findings matched when the first attempt began."""
    last = models.UUIDField(null=True)
    """The newest of them: what is found later is not in it."""
    rows = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    note = models.TextField(blank=True)
    """What is not in it, and why; empty when all is."""
    failure = models.TextField(blank=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "expires_at"], name="export_expiry")]

    def __str__(self) -> str:
        return self.filename


class Part(TenantModel):
    """A stretch of the file, kept whole: an attempt that is broken off goes on behind the last one."""

    export = TenantForeignKey(Export, models.CASCADE, db_index=False, related_name="+")
    number = models.PositiveIntegerField()
    blob = models.UUIDField()
    rows = models.PositiveIntegerField()
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    last = models.UUIDField(null=True)
    """The finding that it ends with; null where it holds none."""
    final = models.BooleanField()
    """The file ends with it."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "export", "number"], name="part_once"),
        ]

    def __str__(self) -> str:
        return f"{self.export_id} {self.number}"
