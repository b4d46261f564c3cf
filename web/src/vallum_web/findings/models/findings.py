"""A problem on an asset, followed over time."""

from typing import ClassVar

from django.db import models

from vallum_web.accounts.models import Team
from vallum_web.assets.models import Asset
from vallum_web.findings.fixes import FIX
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import Org, TenantModel


class Finding(TenantModel):
    """A problem on an asset, followed over time. Identity is (org, asset, fingerprint).

    A scan touches a row only when something about it changed; when it was last seen is read from scans and coverage.
    """

    class Severity(models.IntegerChoices):
        CRITICAL = 4, "critical"
        HIGH = 3, "high"
        MEDIUM = 2, "medium"
        LOW = 1, "low"
        INFO = 0, "info"

    class Confidence(models.IntegerChoices):
        HIGH = 2, "high"
        MEDIUM = 1, "medium"
        LOW = 0, "low"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        SUPPRESSED = "suppressed", "Suppressed"
        RESOLVED = "resolved", "Resolved"

    class Ending(models.TextChoices):
        NONE = "", "Not resolved"
        FIXED = "fixed", "Fixed"
        GONE = "gone", "File gone"

    class Liveness(models.TextChoices):
        LIVE = "live", "Live"
        REVOKED = "revoked", "Revoked"
        UNKNOWN = "unknown", "Unknown"

    # No constraint of its own: (org, asset) is one already, and a check per imported row is a second for 100,000.
    org = models.ForeignKey(Org, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    asset = TenantForeignKey(Asset, models.CASCADE, by_set=True, db_index=False, related_name="+")
    fingerprint = models.CharField(max_length=80)
    content = models.CharField(max_length=80, blank=True, default="")
    """A fingerprint without the path, where there is one: by it a finding follows a file that is renamed."""
    kind = models.CharField(max_length=16)
    ruleset = models.CharField(max_length=60)
    rule = models.CharField(max_length=120)
    severity = models.PositiveSmallIntegerField(choices=Severity)
    confidence = models.PositiveSmallIntegerField(choices=Confidence)
    risk = models.PositiveSmallIntegerField()
    title = models.TextField()
    message = models.TextField()
    path = models.TextField()
    line = models.PositiveIntegerField()
    package = models.TextField(blank=True)
    """Name and version, as a person writes them; the parts are in `data`."""
    data = models.JSONField(default=dict)
    """`evidence`, `package`, `advisories`, `remediation`, `references` as in the JSON report."""
    cve = models.CharField(max_length=30, blank=True, default="")
    """The CVE it goes by, where it has one."""
    base = models.FloatField(default=0)
    """How bad it is if it is true, 0 to 10: the CVSS base score, or the severity's middle."""
    reachability = models.PositiveSmallIntegerField(default=1, db_default=1)
    """Whether own code gets to it: a rank of `risk.Reachability`, 1 where that is not known."""
    liveness = models.CharField(max_length=7, choices=Liveness, blank=True, default="", db_default="")
    """Of a secret: what its issuer said when it was last asked (`data` has when, and in which words); empty: nobody asked."""
    exploited = models.BooleanField(default=False)
    """Whether its CVE is in the catalogue of known exploited vulnerabilities."""
    fix = models.GeneratedField(expression=FIX, output_field=models.CharField(max_length=32), db_persist=True)
    """What ends it: findings that one upgrade ends have the same here, others of one rule too."""
    assignee = models.UUIDField(null=True)
    """Who ends it: a person's id; the name is looked up."""
    team = TenantForeignKey(Team, models.SET_NULL, null=True, db_index=False, related_name="+")
    """Whose it is, where that is another team than the asset's."""
    due_at = models.DateTimeField(null=True)
    """By when it should have ended, as the rules of the organization say; null: none of them speaks of it."""
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    ending = models.CharField(max_length=5, choices=Ending, blank=True, default="")
    opened_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)
    reopened_at = models.DateTimeField(null=True)
    """When it last came back: its days count from then."""
    resolved_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "asset", "fingerprint"], name="finding_identity"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["org", "status", "-risk", "-id"], name="finding_worklist"),
            models.Index(fields=["org", "status", "-severity", "-id"], name="finding_by_severity"),
            models.Index(fields=["org", "status", "-id"], name="finding_by_age"),
            models.Index(fields=["org", "asset", "status", "-risk", "-id"], name="finding_of_asset"),
            models.Index(fields=["org", "rule", "status", "-risk", "-id"], name="finding_by_rule"),
            models.Index(
                fields=["org", "package", "status", "-risk", "-id"],
                condition=~models.Q(package=""),
                name="finding_by_package",
            ),
            # A kind may have none among the worst: walked by risk alone, a list of it would read all others.
            models.Index(fields=["org", "kind", "status", "-risk", "-id"], name="finding_by_kind"),
            models.Index(fields=["org", "cve"], condition=~models.Q(cve=""), name="finding_by_cve"),
            models.Index(
                fields=["org", "assignee", "status", "-risk", "-id"],
                condition=models.Q(assignee__isnull=False),
                name="finding_of_assignee",
            ),
            models.Index(
                fields=["org", "team", "status", "-risk", "-id"],
                condition=models.Q(team__isnull=False),
                name="finding_of_team",
            ),
            models.Index(
                fields=["org", "due_at", "id"],
                condition=models.Q(status="open", due_at__isnull=False),
                name="finding_by_due",
            ),
            models.Index(
                fields=["org", "status", "-risk", "-id"],
                condition=models.Q(exploited=True),
                name="finding_exploited",
            ),
            models.Index(
                fields=["org", "liveness", "status", "-risk", "-id"],
                condition=~models.Q(liveness=""),
                name="finding_by_liveness",
            ),
            models.Index(fields=["org", "fix", "status", "-risk", "-id"], name="finding_by_fix"),
            # What ended and what came back, by when: of a window of days, from the index alone.
            models.Index(
                fields=["org", "resolved_at"],
                include=["opened_at", "reopened_at"],
                condition=models.Q(status="resolved"),
                name="finding_by_end",
            ),
            models.Index(
                fields=["org", "reopened_at"],
                condition=models.Q(reopened_at__isnull=False),
                name="finding_by_return",
            ),
        ]

    def __str__(self) -> str:
        return self.title
