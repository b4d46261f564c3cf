"""Announcements, how each came about, and whom each was told to."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Announcement(models.Model):
    """Something that holds from a day on, and is told before. It is kept for good: it says which text held when."""

    class Kind(models.TextChoices):
        POLICY = "policy", "A new version of a text"
        SUCCESSOR = "successor", "Somebody else takes over"
        PROCESSOR = "processor", "A new sub-processor"
        LETTER = "letter", "A letter to everybody"

    class State(models.TextChoices):
        TELLING = "telling", "Being told"
        TOLD = "told", "Told"
        DONE = "done", "Done"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    what = models.CharField(max_length=60)
    """`privacy-3`, the id of a sub-processor; of the others their kind."""
    said = models.JSONField()
    """What the letter about it is worded with. It names nobody but companies."""
    day = models.DateField(null=True)
    """From which on it holds; null: there is nothing to wait for."""
    first_day = models.DateField(null=True)
    """The day as it was announced, before anything moved it."""
    reason = models.CharField(max_length=500, blank=True, default="")
    """Why less than thirty days are left: a duty of the law. Empty: they are not less."""
    drill = models.BooleanField(default=False)
    """Everything was done as if, and nobody was told."""
    state = models.CharField(max_length=9, choices=State, default=State.TELLING)
    by = models.UUIDField(null=True)
    """The operator; null: a release brought it."""
    made_at = models.DateTimeField(default=now)
    told_at = models.DateTimeField(null=True)
    """When everybody had been told."""
    cursor = models.UUIDField(null=True)
    """The last person of the present pass: a run that was killed goes on behind."""
    count = models.PositiveIntegerField(default=0)
    """People told; of a drill those who would have been."""
    milliseconds = models.PositiveBigIntegerField(default=0)
    """What writing their mails and notices took."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "what"],
                condition=Q(kind__in=["policy", "processor"], drill=False) & ~Q(state="withdrawn"),
                name="announcement_once",
            ),
            models.CheckConstraint(condition=Q(drill=False) | Q(kind="letter"), name="announcement_drill"),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.state}"

    @property
    def about(self) -> str:
        """What notices of it are known by (`mail.Notice.about`)."""
        return f"announcement:{self.pk}"


class Step(models.Model):
    """Something that happened to an announcement: kept with it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="steps")
    at = models.DateTimeField(default=now)
    by = models.UUIDField(null=True)
    what = models.CharField(max_length=600)

    def __str__(self) -> str:
        return self.what


class Told(models.Model):
    """That one person was told: when, and by which mail. Whether they read the notice stands with the notice.

    Of a drill: somebody whom it would not have reached.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="proofs")
    person = models.UUIDField()
    message = models.UUIDField(null=True)
    at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["announcement", "person"], name="announced_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["person"], name="announced_person"),
            models.Index(fields=["at"], name="announced_age"),
        ]

    def __str__(self) -> str:
        return f"{self.person} at {self.at:%Y-%m-%d}"
