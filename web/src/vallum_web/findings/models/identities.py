"""By which names a finding is known, and why."""

from typing import ClassVar

from django.db import models

from vallum_web.assets.models import Asset
from vallum_web.findings.models.findings import Finding
from vallum_web.scans.models import Scan
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import TenantModel


class Alias(TenantModel):
    """Another fingerprint by which a finding is known: whatever comes under it is this finding."""

    asset = TenantForeignKey(Asset, models.CASCADE, db_index=False, related_name="+")
    key = models.CharField(max_length=80)
    finding = TenantForeignKey(Finding, models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "asset", "key"], name="alias_of_one_finding"),
        ]

    def __str__(self) -> str:
        return self.key


class Identity(TenantModel):
    """A line of the identity ledger: why what came under one fingerprint is the finding of another; it can be undone."""

    class Why(models.TextChoices):
        JOINED = "joined", "Known by another name"
        MOVED = "moved", "Moved with its content"

    finding = TenantForeignKey(Finding, models.CASCADE, db_index=False, related_name="+")
    why = models.CharField(max_length=6, choices=Why)
    fingerprint = models.CharField(max_length=80)
    """Under which it came."""
    key = models.CharField(max_length=80)
    """What both have: an alias in common, or the content."""
    was = models.CharField(max_length=80, blank=True)
    """The finding's fingerprint before, where it took the new one."""
    ruleset = models.CharField(max_length=60)
    rule = models.CharField(max_length=120)
    scan = TenantForeignKey(Scan, models.CASCADE, db_index=False, related_name="+")
    at = models.DateTimeField(default=now)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "finding", "-id"], name="identity_of_finding")]

    def __str__(self) -> str:
        return f"{self.fingerprint} {self.why}"
