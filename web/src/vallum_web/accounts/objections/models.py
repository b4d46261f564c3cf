"""Objections of persons to single purposes (GDPR, Article 21), and restrictions of all processing (Article 18)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Purpose(models.TextChoices):
    """What is done with data on a person that their account works without."""

    USAGE = "usage", "Counting which pages and features you use"
    NEWS = "news", "Mails with news about Vallum"
    AGGREGATES = "aggregates", "Counting you in figures over many organizations"
    HANDOVER = "handover", "Your data going to whoever takes Vallum over"


class Objection(models.Model):
    """A person's no to one purpose. It is kept when it is taken back: that it held until then has to be shown."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.UUIDField()
    purpose = models.CharField(max_length=12, choices=Purpose)
    since = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "purpose"], condition=Q(ended_at=None), name="objection_one_open")
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.purpose}"


class Restriction(models.Model):
    """From here on data on a person is kept and not used, but to answer them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.UUIDField()
    reason = models.CharField(max_length=500)
    since = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person"], condition=Q(ended_at=None), name="restriction_one_open")
        ]

    def __str__(self) -> str:
        return f"{self.person} since {self.since}"
