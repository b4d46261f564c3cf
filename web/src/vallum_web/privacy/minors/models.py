"""That an account was found to be a minor's: an id that leads to nobody, and how it was settled."""

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Decision(models.Model):
    """One account that was deleted at once. It outlives it, without naming it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.UUIDField()
    deletion = models.UUIDField()
    request = models.UUIDField(null=True)
    """The report that led to it, where there was one."""
    at = models.DateTimeField(default=now)
    by = models.UUIDField()
    sealed = models.TextField()
    """How it was settled, under a key of its own."""

    def __str__(self) -> str:
        return f"{self.subject} {self.at}"
