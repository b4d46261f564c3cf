"""Where findings were seen."""

from typing import ClassVar

from django.db import models

from vallum_web.findings.models.findings import Finding
from vallum_web.scans.models import Scan
from vallum_web.tenancy.isolation import RowLevelSecurity, TenantForeignKey
from vallum_web.tenancy.models import Org, TenantModel


class Occurrence(TenantModel):
    """One place where a finding was seen by one rule set, from the scan that first saw it to the one that saw it gone."""

    org = models.ForeignKey(Org, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    # Held by what writes: a digest holds the asset, and findings go with theirs.
    finding = TenantForeignKey(Finding, models.CASCADE, by_set=True, hold=False, db_index=False, related_name="+")
    ruleset = models.CharField(max_length=60)
    rule = models.CharField(max_length=120)
    path = models.TextField()
    line = models.PositiveIntegerField()
    end_line = models.PositiveIntegerField()
    first_scan = TenantForeignKey(Scan, models.CASCADE, by_set=True, db_index=False, related_name="+")
    gone_scan = TenantForeignKey(Scan, models.CASCADE, by_set=True, db_index=False, null=True, related_name="+")
    missed_scan = models.UUIDField(null=True)
    """The first of those scans that ran its rule set, did not meet it, and could not say that it had ended."""

    class Meta(TenantModel.Meta):
        # Nothing refers to a place, so (org, id) needs no index of its own.
        constraints: ClassVar = [RowLevelSecurity(name="findings_occurrence_tenant")]
        indexes: ClassVar = [models.Index(fields=["org", "finding", "gone_scan"], name="occurrence_of_finding")]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"
