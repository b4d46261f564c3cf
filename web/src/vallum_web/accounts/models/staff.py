"""People who run the platform, and what they looked at."""

from typing import ClassVar

from django.db import models

from vallum_web.accounts.models.people import User
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.models import TenantModel


class Operator(models.Model):
    """Somebody who runs the platform. It gives no role in any organization: access is broken open, and seen."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="+")
    added_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return str(self.user_id)


class StaffAccess(TenantModel):
    """An hour in which an operator may read one organization, for a reason that its members read too."""

    person = models.UUIDField()
    reason = models.CharField(max_length=500)
    began_at = models.DateTimeField(default=now)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)
    pages = models.PositiveIntegerField(default=0)
    silent = models.BooleanField(default=False)
    """An authority forbids to tell the organization of it now: it is told when that ends."""
    request = models.UUIDField(null=True)
    """The request of an authority that it was opened for."""
    owed = models.JSONField(default=list)
    """Of what was silent, the pages that were looked at and when: they go into the audit log with it."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["org", "person"], condition=models.Q(ended_at=None), name="staff_access_one_open"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["org", "-began_at"], name="staff_access_recent")]

    def __str__(self) -> str:
        return f"{self.person} until {self.ends_at}"
