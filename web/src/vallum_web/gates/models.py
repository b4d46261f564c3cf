"""What the organization's pipelines must satisfy, and what was answered."""

from typing import ClassVar

from django.db import models

from vallum_web.assets.models import Asset
from vallum_web.scans.models import Scan
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import TenantModel


class Gate(TenantModel):
    """A named policy over findings, and the assets that it holds for."""

    name = models.CharField(max_length=80)
    policy = models.JSONField()
    """As `vallum_engine.gate.policy` reads it."""
    scope = models.JSONField()
    """As `gates/reach.py` reads it."""
    revision = models.PositiveIntegerField(default=1)
    """Rises with each change of it; an evaluation names the one that it asked."""
    made_at = models.DateTimeField(default=now)
    made_by = models.UUIDField(null=True)
    changed_at = models.DateTimeField(default=now)
    changed_by = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "name"], name="gate_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Evaluation(TenantModel):
    """What a gate answered about an asset, at one time and for one scan. Never changed."""

    class Verdict(models.TextChoices):
        PASS = "pass", "Pass"
        FAIL = "fail", "Fail"
        CANNOT_SAY = "cannot_say", "Cannot say"

    gate = TenantForeignKey(Gate, models.CASCADE, db_index=False, related_name="+")
    revision = models.PositiveIntegerField()
    asset = TenantForeignKey(Asset, models.CASCADE, db_index=False, related_name="+")
    scan = TenantForeignKey(Scan, models.CASCADE, null=True, related_name="+")
    """None: the asset was never scanned."""
    baseline = TenantForeignKey(Scan, models.CASCADE, null=True, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict)
    reasons = models.JSONField(default=list)
    """Code, sentence and number of findings of each."""
    counts = models.JSONField(default=dict)
    at = models.DateTimeField(default=now)
    by = models.UUIDField(null=True)
    token = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [
            models.Index(fields=["org", "-id"], name="evaluation_newest"),
            models.Index(fields=["org", "gate", "-id"], name="evaluation_of_gate"),
            models.Index(fields=["org", "asset", "-id"], name="evaluation_of_asset"),
            models.Index(fields=["org", "at"], name="evaluation_age"),
        ]

    def __str__(self) -> str:
        return self.verdict
