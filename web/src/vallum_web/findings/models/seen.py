"""When findings were last seen, by day: what tells at once how much will go when."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.isolation import RowLevelSecurity
from vallum_web.tenancy.models import Org, TenantModel


class SeenOn(TenantModel):
    """How many findings of an asset were last seen by a scan of this day. Counted anew after each scan of the asset."""

    # No constraint of its own, as for tallies: rows are counted from findings.
    org = models.ForeignKey(Org, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    asset = models.UUIDField()
    day = models.DateField()
    oldest = models.DateTimeField()
    """The moment from which the one counts that was seen first on that day."""
    findings = models.PositiveIntegerField()
    scan = models.UUIDField()
    """The asset's newest when this was counted."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            RowLevelSecurity(name="findings_seenon_tenant"),
            models.UniqueConstraint(fields=["org", "asset", "day"], name="seenon_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["org", "oldest"], include=["findings", "asset"], name="seenon_by_age")
        ]

    def __str__(self) -> str:
        return f"{self.findings} on {self.day}"
