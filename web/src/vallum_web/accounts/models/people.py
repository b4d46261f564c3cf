"""People, and what they may do where."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from vallum_web.accounts.addresses import normal
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import TenantModel


class Users(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Raises ValueError for an address that is not taken."""
        user = self.model(email=normal(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person. Belongs to no organization by itself: a Membership says where they work."""

    class Theme(models.TextChoices):
        SYSTEM = "system", "As the system"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=now)
    theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    attested_adult_at = models.DateTimeField(null=True)
    """When the person said that they are 18 or older. No date of birth is asked for."""

    objects = Users()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = []

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.name or self.email


class Membership(TenantModel):
    """A person's role in an organization."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        ADMIN = "admin", "Admin"
        SECURITY = "security", "Security"
        DEVELOPER = "developer", "Developer"
        AUDITOR = "auditor", "Auditor"
        BILLING = "billing", "Billing"

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    since = models.DateTimeField(default=now)
    looked_at = models.DateTimeField(null=True)
    """When the person last looked at the overview."""
    looked_before = models.DateTimeField(null=True)
    """When the visit before this one ended: what is new is new since then."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "user"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"
