"""A person's change from one e-mail address to another."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from vallum_web.accounts.models.people import User
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class EmailChange(models.Model):
    """Asked for, confirmed at the new address, and for seven days to be taken back from the old one."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be confirmed"
        DONE = "done", "Done"
        DROPPED = "dropped", "Dropped"
        REVERTED = "reverted", "Taken back"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="email_changes")
    before = models.EmailField()
    after = models.EmailField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(default=now)
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user"], condition=Q(state="waiting"), name="email_change_waiting_once")
        ]
        indexes: ClassVar = [models.Index(fields=["user", "-asked_at"], name="email_change_recent")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.state}"
