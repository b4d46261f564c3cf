"""What is known in public about the exploitation of vulnerabilities. No organization owns it: everybody reads the same rows."""

from typing import Any, ClassVar

from django.db import models


class RealField(models.FloatField):  # type: ignore[type-arg]  # its two type arguments are the plug-in's to infer
    """Four bytes: six digits, where the feeds have five; and what `vallum_risk` takes."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 - the framework's signature
        return "real"


class Threat(models.Model):
    """One vulnerability that at least one feed knows. A fact that no feed states is null."""

    cve = models.TextField(primary_key=True)
    epss = RealField(null=True)
    """The probability of an exploitation within 30 days, 0 to 1."""
    percentile = RealField(null=True)
    """The share of vulnerabilities that are no likelier."""
    epss_model_date = models.DateField(null=True)
    """Of the first scores in which these two stood as they do."""
    kev_added = models.DateField(null=True)
    """Since when it is in CISA's catalogue of what is known to be exploited; null: it is not there."""
    kev_due = models.DateField(null=True)
    """By when US agencies have to have it fixed."""
    kev_ransomware = models.BooleanField(default=False, db_default=False)
    changed_at = models.DateTimeField()
    """When `epss` or `kev_added` last changed: what risk is made of."""

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(epss__gte=0, epss__lte=1), name="threat_epss_probability"),
        ]

    def __str__(self) -> str:
        return self.cve


class Feed(models.Model):
    """Where one feed's rows come from, how old they are, and why there are no newer ones."""

    id = models.CharField(primary_key=True, max_length=8)
    """A kind's (`kinds.py`)."""
    source = models.TextField(blank=True)
    """The address or the file that the rows of now are from."""
    etag = models.TextField(blank=True)
    version = models.TextField(blank=True)
    """The feed's own word for it."""
    day = models.DateField(null=True)
    """Of which the rows are, as the feed says."""
    rows = models.PositiveIntegerField(default=0)
    fetched_at = models.DateTimeField(null=True)
    """When the rows of now were taken in."""
    as_of = models.DateTimeField(null=True)
    """Up to when nothing newer is known: the last answer of the source, or the day that a file is of."""
    failure = models.TextField(blank=True)
    """Why the last attempt changed nothing; empty after one that went well."""
    failed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.id
