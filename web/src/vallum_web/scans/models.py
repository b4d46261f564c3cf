"""Runs of the detectors over an asset, and where their silence counts."""

from typing import ClassVar

from django.db import models

from vallum_web.assets.models import Asset
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import TenantModel


class Scan(TenantModel):
    """One run over one asset at one revision."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        INCOMPLETE = "incomplete", "Done, with gaps"
        FAILED = "failed", "Failed"

    class Origin(models.TextChoices):
        REQUESTED = "requested", "Scan now"
        UPLOADED = "uploaded", "Uploaded report"
        IMPORTED = "imported", "Imported report"
        """Of another tool, in that tool's own format."""

    class Isolation(models.TextChoices):
        FULL = "full", "Full"
        REDUCED = "reduced", "Reduced"
        NONE = "none", "None"
        ELSEWHERE = "elsewhere", "Scanned elsewhere"

    class Asking(models.TextChoices):
        ON = "on", "On"
        UNABLE = "unable", "Not possible on this machine"

    asset = TenantForeignKey(Asset, models.CASCADE, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.REQUESTED)
    by = models.UUIDField(null=True)
    requested_at = models.DateTimeField(default=now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    phase = models.CharField(max_length=40, blank=True)
    progress = models.JSONField(default=dict)
    """`files`, `bytes`, `findings` so far, as the scanner last said."""
    branch = models.CharField(max_length=200, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    tool = models.CharField(max_length=120, blank=True)
    """Of a report of another tool: the ids of the formats it was read as, or is asked to be."""
    repeats = models.UUIDField(null=True)
    """The scan whose report was the same byte for byte: nothing was read again, and its account holds."""
    asking = models.CharField(max_length=6, choices=Asking, blank=True, default="", db_default="")
    """Whether issuers could be asked about what it found; empty: nobody wanted that, or it ran elsewhere."""
    isolation = models.CharField(max_length=10, choices=Isolation, blank=True)
    engine = models.CharField(max_length=40, blank=True)
    complete = models.BooleanField(default=False)
    stats = models.JSONField(default=dict)
    outcome = models.JSONField(default=dict)
    """How many findings were new, reopened, resolved, seen. Of a report of another tool also what its `records` became:
    `findings`, `merged`, `ignored` (hidden by that tool's user), `passed` and `rejected`, which add up to them."""
    errors = models.JSONField(default=list)
    failure = models.TextField(blank=True)
    """Why it failed, in words for a person: what, where, what to do."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            # Two who ask at once are given one scan.
            models.UniqueConstraint(
                fields=["org", "asset"],
                condition=models.Q(status__in=["queued", "running"], origin="requested"),
                name="scan_one_waiting",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["org", "asset", "-id"], name="scan_of_asset"),
            models.Index(fields=["org", "status"], name="scan_by_status"),
            # What the worker asks for three times a minute, of all organizations at once.
            models.Index(fields=["org"], condition=models.Q(status__in=["queued", "running"]), name="scan_unfinished"),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.status}"


class Latest(TenantModel):
    """What the scans of an asset that reached their end say together: what a list asks of thousands of assets at once.

    Written where a scan ends, and for an asset without any there is none.
    """

    asset = TenantForeignKey(Asset, models.CASCADE, db_index=False, related_name="latest")
    scan = TenantForeignKey(Scan, models.RESTRICT, db_index=False, related_name="+")
    """The newest one."""
    whole = models.UUIDField(null=True)
    """The newest one that looked everywhere. Keys sort by when they were made: it says since when."""
    gaps = models.BooleanField()
    """Whether the newest one of our own scanner, or of some other tool, did not look everywhere."""
    rulesets = models.PositiveIntegerField()
    """That took part in the newest one; 0 where it does not say."""
    ran = models.PositiveIntegerField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["org", "asset"],
                # All that is asked of every asset: the index alone answers.
                include=["scan", "whole", "gaps", "rulesets", "ran"],
                name="latest_of_asset",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["org", "-scan"], name="latest_scan")]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.scan_id}"


class Coverage(TenantModel):
    """One line of a scan's account: a rule set that ran, or a place it did not look at.

    Places left out on purpose are counted by reason (`count`, one example path); gaps are listed one by one.
    """

    class Verdict(models.TextChoices):
        RAN = "ran", "Ran"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Skipped"

    scan = TenantForeignKey(Scan, models.CASCADE, related_name="+")
    ruleset = models.CharField(max_length=60, blank=True)
    version = models.CharField(max_length=80, blank=True)
    verdict = models.CharField(max_length=8, choices=Verdict)
    path = models.TextField(blank=True)
    why = models.TextField(blank=True)
    covered = models.BooleanField()
    count = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "scan", "covered"], name="coverage_of_scan")]

    def __str__(self) -> str:
        return f"{self.ruleset} {self.verdict} {self.path}"


class Rejected(TenantModel):
    """A record of another tool's report that was not imported, and why. Imported + listed here = what the report holds."""

    scan = TenantForeignKey(Scan, models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    """Counts from 1 within its scan."""
    at = models.TextField(blank=True)
    """Where in the report it stands: `results[3]`, `line 12`."""
    why = models.TextField()
    count = models.PositiveIntegerField(default=1)
    """More than one stands for those that are not stored one by one; `why` says so."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "scan", "number"], name="rejected_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.at}: {self.why}"
