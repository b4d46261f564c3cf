"""Invitations: a way in for one address, for a time."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from vallum_web.accounts.models.people import Membership
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.models import TenantModel


class Invitation(TenantModel):
    """Only the digest of its link is kept. It is good for the person whose verified address it names, and once."""

    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Membership.Role)
    digest = models.BinaryField(max_length=32)
    by = models.UUIDField()
    made_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.UUIDField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "digest"], name="invitation_digest_once"),
            models.UniqueConstraint(
                fields=["org", "email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="invitation_open_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["digest"], name="invitation_digest")]

    def __str__(self) -> str:
        return f"{self.role} until {self.expires_at}"
