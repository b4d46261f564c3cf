"""Requests of authorities, those that were refused too. What names somebody is sealed under a key of each request."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class LegalRequest(models.Model):
    """One request. Its subject is an id; the key of the sealed text is destroyed when the subject is deleted."""

    class Kind(models.TextChoices):
        DISCLOSURE = "disclosure", "Give data"
        EMERGENCY = "emergency", "Give data: a life is in danger"
        PRESERVATION = "preservation", "Keep data, and give none"

    class Whose(models.TextChoices):
        PERSON = "person", "A person"
        ORG = "org", "An organization"

    class State(models.TextChoices):
        RECEIVED = "received", "To be reviewed"
        VALID = "valid", "Valid: to be agreed to"
        GRANTED = "granted", "Agreed to"
        CARRIED_OUT = "carried_out", "Carried out"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ref = models.CharField(max_length=60)
    authority = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind)
    basis = models.CharField(max_length=200)
    """The law that it names."""
    state = models.CharField(max_length=11, choices=State, default=State.RECEIVED)
    received_at = models.DateTimeField()
    whose = models.CharField(max_length=6, choices=Whose)
    subject = models.UUIDField()
    tables = models.JSONField(default=list)
    """The scope: these tables, of these rows those that came about between two moments."""
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    sealed = models.TextField(blank=True, default="")
    """What it says, and what operators wrote about it."""
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.UUIDField(null=True)
    first_by = models.UUIDField(null=True)
    first_at = models.DateTimeField(null=True)
    operators = models.PositiveIntegerField(default=0)
    """How many there were then: one alone waits for a day instead of a second."""
    second_by = models.UUIDField(null=True)
    second_at = models.DateTimeField(null=True)
    gag = models.BooleanField(default=False)
    """Those whom it is about may not be told."""
    gag_until = models.DateTimeField(null=True)
    gag_looked_at = models.DateTimeField(null=True)
    gag_reminded_at = models.DateTimeField(null=True)
    hold = models.UUIDField(null=True)
    hold_ended_at = models.DateTimeField(null=True)
    manifest = models.JSONField(null=True)
    manifest_hash = models.CharField(max_length=64, blank=True, default="")
    blob = models.UUIDField(null=True)
    size = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True, default="")
    carried_out_at = models.DateTimeField(null=True)
    notified_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    """Refused, or told to whom it was about: from here the five years count."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-received_at"], name="legalrequest_recent"),
            models.Index(fields=["gag_until"], condition=Q(notified_at=None), name="legalrequest_gag"),
        ]

    def __str__(self) -> str:
        return f"{self.ref}: {self.state}"


class LegalStep(models.Model):
    """Something that was done about a request. The words are sealed under the request's key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(LegalRequest, models.CASCADE, related_name="steps")
    at = models.DateTimeField(default=now)
    by = models.UUIDField(null=True)
    what = models.CharField(max_length=60)
    sealed = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return self.what
