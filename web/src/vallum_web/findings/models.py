"""The record: findings over time, where they were seen, and what people decided about them."""

from datetime import UTC, datetime
from typing import ClassVar

from django.db import models

from vallum_web.accounts.models import Team
from vallum_web.assets.models import Asset
from vallum_web.assets.worth import Importance
from vallum_web.findings.fixes import FIX
from vallum_web.scans.models import Scan
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import Org, TenantModel

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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

    # No constraint of its own: (org, asset) is one already, and a check per imported row is a second for 100,000.
    org = models.ForeignKey(Org, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    asset = TenantForeignKey(Asset, models.CASCADE, db_index=False, related_name="+")
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
            models.Index(fields=["org", "rule", "status"], name="finding_by_rule"),
            # A kind may have none among the worst: walked by risk alone, a list of it would read all others.
            models.Index(fields=["org", "kind", "status", "-risk", "-id"], name="finding_by_kind"),
            # Counts by asset and severity from the index alone; few values, so it stays small.
            models.Index(fields=["org", "asset", "status", "severity"], name="finding_asset_severity"),
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


class FeedMark(TenantModel):
    """Up to when what the feeds say is in the risk of the organization's findings."""

    up_to = models.DateTimeField(default=EPOCH)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org"], name="feed_mark_once"),
        ]

    def __str__(self) -> str:
        return f"{self.up_to:%Y-%m-%d %H:%M}"


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


class Occurrence(TenantModel):
    """One place where a finding was seen by one rule set, from the scan that first saw it to the one that saw it gone."""

    org = models.ForeignKey(Org, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    finding = TenantForeignKey(Finding, models.CASCADE, db_index=False, related_name="+")
    ruleset = models.CharField(max_length=60)
    rule = models.CharField(max_length=120)
    path = models.TextField()
    line = models.PositiveIntegerField()
    end_line = models.PositiveIntegerField()
    first_scan = TenantForeignKey(Scan, models.CASCADE, db_index=False, related_name="+")
    gone_scan = TenantForeignKey(Scan, models.CASCADE, db_index=False, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "finding", "gone_scan"], name="occurrence_of_finding")]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class Decision(TenantModel):
    """A person's word on a finding, for a reason and for a time. No scan ever writes here."""

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
    made_at = models.DateTimeField(default=now)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [
            models.Index(fields=["org", "finding", "lifted_at"], name="decision_in_force"),
            models.Index(fields=["org", "bulk"], condition=models.Q(bulk__isnull=False), name="decision_of_bulk"),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()


class Comment(TenantModel):
    """What somebody says about a finding, in Markdown (`prose`). Deleted, its place is kept, and nothing of its text."""

    finding = TenantForeignKey(Finding, models.CASCADE, db_index=False, related_name="+")
    by = models.UUIDField()
    text = models.TextField(max_length=5000)
    made_at = models.DateTimeField(default=now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "finding", "-id"], name="comment_of_finding")]

    def __str__(self) -> str:
        return self.text[:60]


class View(TenantModel):
    """A list that somebody comes back to: filters under a name. `me` in them is whoever looks."""

    name = models.CharField(max_length=60)
    query = models.TextField(blank=True)
    """As in the worklist's address, without the question mark."""
    by = models.UUIDField()
    shared = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "by"], name="view_of_person")]

    def __str__(self) -> str:
        return self.name


class Bulk(TenantModel):
    """One action on many findings, done in parts: where it broke off it goes on."""

    class Verb(models.TextChoices):
        SUPPRESS = "suppress", "Suppress"
        LIFT = "lift", "Take suppressions back"
        ASSIGN = "assign", "Assign"

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    verb = models.CharField(max_length=8, choices=Verb)
    arguments = models.JSONField(default=dict)
    """As the verb needs them: reason, justification, note, until; assignee, team."""
    keys = models.JSONField(default=list)
    """The findings chosen one by one; empty: all that match `query`."""
    query = models.TextField(blank=True)
    """The worklist's filters, as in its address."""
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    by = models.UUIDField()
    made_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField()
    """How many matched when it was confirmed."""
    seen = models.PositiveIntegerField(default=0)
    touched = models.PositiveIntegerField(default=0)
    """Of those seen, how many it changed."""
    cursor = models.UUIDField(null=True)
    """The last finding that was seen."""
    failure = models.TextField(blank=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "-id"], name="bulk_newest")]

    def __str__(self) -> str:
        return f"{self.verb} {self.seen}/{self.total}"
