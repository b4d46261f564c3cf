"""The outbox: a mail is a row written with the change it tells of, and sent from there."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Message(models.Model):
    """One mail to one person. It may precede any organization (sign-up), so it belongs to none."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    written_at = models.DateTimeField(default=now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-written_at"], name="message_recent")]

    def __str__(self) -> str:
        return self.subject
