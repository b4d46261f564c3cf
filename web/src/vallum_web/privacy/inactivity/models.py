"""People who have not used their account for almost as long as the rule allows, and what they were told."""

from django.db import models


class Idle(models.Model):
    """Gone as soon as the person signs in, or a token of theirs is used; and when they are deleted."""

    person = models.UUIDField(primary_key=True)
    used_at = models.DateTimeField()
    """The last use that is known of."""
    due_at = models.DateTimeField()
    """When the account is hidden, and its thirty days begin."""
    told = models.PositiveSmallIntegerField(default=0)
    """How many of the three warnings went out."""
    told_at = models.DateTimeField(null=True)
    waits = models.BooleanField(default=False)
    """It is over, and an organization would be left without an owner: nothing is deleted until it has another."""

    def __str__(self) -> str:
        return f"{self.person} since {self.used_at}"
