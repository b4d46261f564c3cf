"""What people decided about findings."""

from typing import ClassVar

from django.db import models

from vallum_web.findings.models.findings import Finding
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import TenantModel


class Decision(TenantModel):
    """A person's word on a finding, for a reason and for a time; of a scan's findings only a person's standing rule speaks."""

    class Reason(models.TextChoices):
        FALSE_POSITIVE = "false_positive", "False positive"
        NOT_REACHABLE = "not_reachable", "Vulnerable code not reachable"
        RISK_ACCEPTED = "risk_accepted", "Risk accepted"
        TEST_DATA = "test_data", "Test or example data"

    class Justification(models.TextChoices):
        """The five of VEX (CISA, Minimum Requirements for VEX, 2023)."""

        COMPONENT_NOT_PRESENT = "component_not_present", "The component is not present"
        CODE_NOT_PRESENT = "vulnerable_code_not_present", "The vulnerable code is not present"
        NOT_IN_PATH = "vulnerable_code_not_in_execute_path", "The vulnerable code is never executed"
        NOT_CONTROLLED = (
            "vulnerable_code_cannot_be_controlled_by_adversary",
            "An attacker cannot control the vulnerable code",
        )
        MITIGATED = "inline_mitigations_already_exist", "Mitigations are in place"

    finding = TenantForeignKey(Finding, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason)
    justification = models.CharField(max_length=60, choices=Justification, blank=True, default="")
    """Why the vulnerability does not hurt here, for VEX documents."""
    note = models.TextField(blank=True)
    until = models.DateField(null=True, blank=True)
    by = models.UUIDField()
    bulk = models.UUIDField(null=True)
    """The action on many findings that it was a part of."""
    by_rule = models.UUIDField(null=True)
    """The suppression rule that it was made by."""
    made_at = models.DateTimeField(default=now)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [
            models.Index(fields=["org", "finding", "lifted_at"], name="decision_in_force"),
            models.Index(fields=["org", "bulk"], condition=models.Q(bulk__isnull=False), name="decision_of_bulk"),
            models.Index(
                fields=["org", "by_rule", "finding"], condition=models.Q(by_rule__isnull=False), name="decision_of_rule"
            ),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()
