"""The evidence that things go when their time is over, and what may keep them longer."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import TenantModel


class RetentionRun(models.Model):
    """What one rule did in one hour, for everybody. Names nobody, so it is no tenant's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule = models.CharField(max_length=40)
    at = models.DateTimeField(default=now)
    deleted = models.PositiveIntegerField(default=0)
    oldest = models.DateTimeField(null=True)
    """What is left and has been there longest, of the class that is nearest to its end; null: nothing is left."""
    overdue = models.PositiveIntegerField(default=0)
    """Rows that should have gone and are there: never more than none, but for what is held."""
    held = models.PositiveIntegerField(default=0)
    """Organizations for which it did not run, because of a legal hold or of the brake."""
    failures = models.PositiveIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["rule", "-at"], name="retentionrun_of_rule")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.deleted}"


class Keeping(TenantModel):
    """For how many days an organization keeps its findings, where it chose something else than its plan's usual."""

    days = models.PositiveIntegerField()
    chosen_at = models.DateTimeField(default=now)
    chosen_by = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org"], name="keeping_once"),
        ]

    def __str__(self) -> str:
        return f"{self.days} days"


class Hold(TenantModel):
    """A legal hold: what the organization has is not deleted by age until it ends. Backups are never held."""

    reason = models.CharField(max_length=200)
    made_at = models.DateTimeField(default=now)
    made_by = models.UUIDField(null=True)
    until = models.DateTimeField(null=True)
    """Null: until it is lifted."""
    silent = models.BooleanField(default=False)
    """Whether the organization may not be told of it."""
    lifted_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "lifted_at"], name="hold_in_force")]

    def __str__(self) -> str:
        return self.reason


class FirstLook(TenantModel):
    """That much of an organization's rows is about to go, seen a day before: without it the run does not delete a fifth at once.

    A clock that jumps finds none, and the brake holds for a day.
    """

    rule = models.CharField(max_length=40)
    at = models.DateTimeField()
    up_to = models.DateTimeField()
    """What is no younger than this was seen to be due."""

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "rule", "at"], name="firstlook_of_rule")]

    def __str__(self) -> str:
        return f"{self.rule} up to {self.up_to}"
