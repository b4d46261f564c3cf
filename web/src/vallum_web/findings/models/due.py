"""By when findings should have ended."""

from typing import ClassVar

from django.db import models

from vallum_web.assets.worth import Importance
from vallum_web.findings.models.findings import Finding
from vallum_web.tenancy.models import TenantModel


class DueRule(TenantModel):
    """Within how many days findings of one severity, on assets of one importance, should have ended."""

    severity = models.PositiveSmallIntegerField(choices=Finding.Severity)
    importance = models.PositiveSmallIntegerField(choices=[(rank.value, rank.word) for rank in Importance])
    days = models.PositiveSmallIntegerField(null=True)
    """Null: no date."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "severity", "importance"], name="due_rule_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_severity_display()} {self.get_importance_display()}: {self.days}"
