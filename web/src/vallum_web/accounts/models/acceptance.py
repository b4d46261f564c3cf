"""Which person accepted which document, in which version."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Acceptance(models.Model):
    """A row is added and never changed: the application's role may do nothing else with this table.

    It names the person by an id, so that it outlives the account as the proof it is, and then leads to nobody.
    """

    class Method(models.TextChoices):
        SIGNUP = "signup", "When signing up"
        INVITATION = "invitation", "After an invitation"
        SSO = "sso", "At the first single sign-on"
        LATER = "later", "When signed in"
        DEEMED = "deemed", "By going on, after having been told 30 days ahead"
        DEMO = "demo", "By the demo, for its own person"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.UUIDField()
    document = models.CharField(max_length=20)
    version = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=now)
    method = models.CharField(max_length=10, choices=Method)
    network = models.CharField(max_length=43, blank=True)
    """The neighbourhood of the address, not the address."""
    device = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "document", "version"], name="acceptance_once")
        ]
        indexes: ClassVar = [models.Index(fields=["document", "version"], name="acceptance_of")]

    def __str__(self) -> str:
        return f"{self.user} {self.document} {self.version}"
