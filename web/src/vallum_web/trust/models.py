"""What was measured. No row is a tenant's."""

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Reading(models.Model):
    """A live figure as it was last measured."""

    figure = models.CharField(primary_key=True, max_length=60)
    at = models.DateTimeField()
    value = models.FloatField(null=True)
    holds = models.BooleanField(null=True)
    """Null: it could not be measured."""
    since = models.DateTimeField()
    """Since when `holds` is what it is."""
    milliseconds = models.PositiveIntegerField()
    error = models.CharField(max_length=200, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.figure}: {self.value}"


class CardScan(models.Model):
    """One search of the database and the logs for numbers of payment cards: where, and how many. Never a number."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=now)
    texts = models.PositiveBigIntegerField()
    """How many texts had enough digits to be looked at."""
    found = models.PositiveIntegerField()
    places = models.JSONField(default=dict)
    """`findings.Comment.text` and how many."""
    seconds = models.FloatField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}: {self.found}"
