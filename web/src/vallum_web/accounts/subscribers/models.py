"""One address, and whether whoever reads its mails wants to be told."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Subscriber(models.Model):
    """The address and the link of its page are sealed under a key of their own, which is destroyed with the row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.BinaryField(max_length=16, unique=True)
    """A keyed digest of the address (`mail.recipients`): of one address there is one row."""
    digest = models.BinaryField(max_length=32, unique=True)
    """SHA-256 of what the address of its page ends with."""
    sealed = models.TextField()
    asked_at = models.DateTimeField(default=now)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["asked_at"], condition=Q(confirmed_at=None), name="subscriber_waiting"),
        ]

    def __str__(self) -> str:
        return "confirmed" if self.confirmed_at else "waits to be confirmed"
