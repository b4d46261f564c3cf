"""The tokens that act for people."""

from typing import ClassVar

from django.db import models

from vallum_web.accounts.models.people import Membership
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.models import TenantModel


class ApiToken(TenantModel):
    """A machine's key to one organization. Only its SHA-256 is kept: 130 random bits need no slow hash."""

    class Kind(models.TextChoices):
        API = "api", "API"
        SCIM = "scim", "Provisioning (SCIM)"

    kind = models.CharField(max_length=6, choices=Kind, default=Kind.API)
    name = models.CharField(max_length=60)
    start = models.CharField(max_length=14)
    """The first characters, to recognise it by."""
    digest = models.BinaryField(max_length=32)
    role = models.CharField(max_length=10, choices=Membership.Role)
    scopes = models.JSONField(default=list)
    """The actions it may do, of those its role may; an empty list is all of them that need no step-up."""
    networks = models.JSONField(default=list)
    """The networks it may be used from, in CIDR notation; an empty list is anywhere."""
    by = models.UUIDField()
    made_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_from = models.CharField(max_length=45, blank=True)
    revoked_at = models.DateTimeField(null=True)
    suspended_at = models.DateTimeField(null=True)
    """Since when it does not work because of something unusual, until somebody says that it was them."""
    reported_at = models.DateTimeField(null=True)
    """When somebody who found it in public reported it; it is revoked at once then."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "digest"], name="token_digest_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["digest"], name="token_digest")]

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"
