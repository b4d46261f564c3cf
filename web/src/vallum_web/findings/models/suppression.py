"""What is hidden by a standing decision."""

from typing import ClassVar

from django.db import models

from vallum_web.assets.models import Asset
from vallum_web.findings.models.decisions import Decision
from vallum_web.findings.models.findings import Finding
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import TenantModel


class SuppressionRule(TenantModel):
    """A person's word on findings of one pattern, those to come too. Each that it hides has a decision that names it."""

    kind = models.CharField(max_length=16, blank=True)
    rule = models.CharField(max_length=120, blank=True)
    path = models.CharField(max_length=300, blank=True)
    package = models.CharField(max_length=200, blank=True)
    cve = models.CharField(max_length=30, blank=True)
    asset = TenantForeignKey(Asset, models.CASCADE, null=True, db_index=False, related_name="+")
    severity = models.PositiveSmallIntegerField(choices=Finding.Severity)
    """The worst that it hides."""
    exploited = models.BooleanField(default=False)
    """Whether it hides what is known to be exploited."""
    reason = models.CharField(max_length=20, choices=Decision.Reason)
    justification = models.CharField(max_length=60, choices=Decision.Justification, blank=True, default="")
    note = models.TextField(blank=True)
    until = models.DateField(null=True)
    by = models.UUIDField()
    made_at = models.DateTimeField(default=now)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "lifted_at", "-id"], name="suppression_rule_in_force")]

    def __str__(self) -> str:
        return f"{self.kind} {self.rule} {self.path} {self.package} {self.cve}"
