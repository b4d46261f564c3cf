"""The record as it stood day by day."""

from typing import ClassVar

from django.db import models

from vallum_web.findings.models.findings import Finding
from vallum_web.tenancy.models import TenantModel


class Day(TenantModel):
    """The record as it stood at the end of a day (UTC), of one severity. Today's is written anew each hour, then it stays."""

    day = models.DateField()
    severity = models.PositiveSmallIntegerField(choices=Finding.Severity)
    open = models.PositiveIntegerField()
    suppressed = models.PositiveIntegerField()
    risk_open = models.PositiveBigIntegerField()
    """The risk of what is open, added up."""
    risk_suppressed = models.PositiveBigIntegerField()
    opened = models.PositiveIntegerField()
    reopened = models.PositiveIntegerField()
    resolved = models.PositiveIntegerField()
    """Of what is resolved when the day was last measured."""
    hidden = models.PositiveIntegerField()
    """How many findings somebody decided to hide on this day."""
    median_seconds = models.PositiveBigIntegerField(null=True)
    """What was resolved on this day had been open for so long, half of it longer; null: nothing was resolved."""
    measured_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "day", "severity"], name="day_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.get_severity_display()}"
