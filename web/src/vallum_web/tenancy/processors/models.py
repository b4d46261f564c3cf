"""When a sub-processor came, and the register of transfers to countries outside of the European Economic Area."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Introduced(models.Model):
    """A sub-processor of the egress registry that this installation knows of."""

    id = models.CharField(max_length=40, primary_key=True)
    """Of the registry."""
    seen_at = models.DateTimeField(default=now)
    announced = models.BooleanField(default=True)
    """Whether it came after the installation began: then nothing goes there before the day that was announced."""

    def __str__(self) -> str:
        return self.id


class Transfer(models.Model):
    """What lets data go to one sub-processor in one country, as an operator states it. Ended, it is kept: it says what held when."""

    class Mechanism(models.TextChoices):
        CLAUSES = "scc", "Standard contractual clauses (EU) 2021/914"
        FRAMEWORK = "dpf", "EU-U.S. Data Privacy Framework"
        ADEQUACY = "adequacy", "Decision that the country is adequate"
        RULES = "bcr", "Binding corporate rules"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    processor = models.CharField(max_length=40)
    country = models.CharField(max_length=2)
    mechanism = models.CharField(max_length=10, choices=Mechanism)
    module = models.CharField(max_length=1, blank=True, default="")
    """Of the clauses: 1 to 4."""
    dpf = models.BooleanField(default=False)
    """Whether they are certified under the Data Privacy Framework as well."""
    assessment = models.CharField(max_length=200)
    """Where the transfer impact assessment lies: a reference, not the document."""
    dated = models.DateField()
    expires = models.DateField()
    made_at = models.DateTimeField(default=now)
    by = models.UUIDField(null=True)
    """The operator; null: from the command line."""
    ended_on = models.DateField(null=True)
    """When it was ended before its time: from this day on it holds no more."""

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(expires__gt=models.F("dated")), name="transfer_days"),
        ]
        indexes: ClassVar = [models.Index(fields=["processor", "country"], name="transfer_of")]

    def __str__(self) -> str:
        return f"{self.processor} in {self.country}: {self.mechanism}"
