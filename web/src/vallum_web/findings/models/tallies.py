"""How many findings there are, kept by the database itself."""

from typing import ClassVar

from django.db import models

from vallum_web.findings.models.findings import Finding
from vallum_web.tenancy.isolation import RowLevelSecurity
from vallum_web.tenancy.models import Org, TenantModel


class Tally(TenantModel):
    """Findings that came to or left one kind, severity and status, of one asset or (`asset` null) of the organization.

    Triggers on the findings add rows and change none, so that nobody waits for a count; a sum over them is exact at every moment,
    and `services.fold` puts rows together. Migration 0014.
    """

    # No constraint of its own, as for findings: rows come from theirs.
    org = models.ForeignKey(Org, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    asset = models.UUIDField(null=True)
    kind = models.CharField(max_length=16)
    severity = models.PositiveSmallIntegerField(choices=Finding.Severity)
    status = models.CharField(max_length=10, choices=Finding.Status)
    findings = models.BigIntegerField()
    """Less than none where they left."""
    risk = models.BigIntegerField()
    """Their risks added up."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [RowLevelSecurity(name="findings_tally_tenant")]
        indexes: ClassVar = [
            models.Index(
                fields=["org", "asset", "status", "severity", "kind"],
                include=["findings", "risk"],
                name="tally_of_asset",
            )
        ]

    def __str__(self) -> str:
        return f"{self.findings} {self.get_severity_display()} {self.kind} {self.status}"
