"""Requests of people about data on them, with and without an account, and each step of answering one."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Request(models.Model):
    """One request. Who asks, and what they wrote, is sealed under a key of its own that is destroyed with the row."""

    class Kind(models.TextChoices):
        ACCESS = "access", "See what there is about me"
        RECTIFICATION = "rectification", "Correct something"
        ERASURE = "erasure", "Delete it"
        RESTRICTION = "restriction", "Keep it, and use it for nothing"
        PORTABILITY = "portability", "Give it to me, or to somebody else, in a common format"
        OBJECTION = "objection", "Stop using it for something"
        CHILD = "child", "It is about somebody younger than 18"
        OTHER = "other", "Something else"

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", "Waits for the address to be confirmed"
        OPEN = "open", "Being worked on"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=14, choices=Kind)
    state = models.CharField(max_length=11, choices=State, default=State.UNCONFIRMED)
    person = models.UUIDField(null=True)
    """Whose account it was asked from; null: somebody who is not signed in."""
    sealed = models.TextField()
    """Name, address, what they wrote, and for whom an agent asks."""
    by_agent = models.BooleanField(default=False)
    """Somebody asks for somebody else, and has to show that they may."""
    digest = models.BinaryField(max_length=32)
    """SHA-256 of what the address of its page ends with."""
    received_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField()
    extended_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    """When whoever asks followed the link in the mail, or had just proved who they are."""
    identified_at = models.DateTimeField(null=True)
    """When it was settled that they are whom the data is about, or may ask for them."""
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["digest"], name="request_digest_once")]
        indexes: ClassVar = [
            models.Index(fields=["state", "due_at"], name="request_due"),
            models.Index(fields=["person", "-received_at"], name="request_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.state}"


class Step(models.Model):
    """Something that was done about a request, in words that whoever asked reads too."""

    class What(models.TextChoices):
        RECEIVED = "received", "Received"
        CONFIRMED = "confirmed", "Address confirmed"
        IDENTIFIED = "identified", "Identity settled"
        EXTENDED = "extended", "More time taken"
        DONE = "done", "Answered"
        REFUSED = "refused", "Refused"
        UNRESTRICTED = "unrestrict", "Restriction ended"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(Request, models.CASCADE, related_name="steps")
    what = models.CharField(max_length=10, choices=What)
    at = models.DateTimeField(default=now)
    by = models.UUIDField(null=True)
    """The operator; null: whoever asked."""
    sealed = models.TextField(blank=True)
    """The words, under the request's key."""

    def __str__(self) -> str:
        return self.what
