"""The outbox: a mail is a row written with the change it tells of, and sent from there. And what people want of it.

No row here is a tenant's: a mail may precede any organization. Policies of their own say who sees them (migration 0002):
whoever delivers sees all, an organization and a person their own.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class Message(models.Model):
    """One mail to one address. What it says, and to whom, is sealed, and gone a week after it was delivered."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Handed over"
        DELIVERED = "delivered", "Delivered"
        BOUNCED = "bounced", "Came back"
        DROPPED = "dropped", "Not sent"
        UNKNOWN = "unknown", "Nobody knows"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    """Also the key under which the provider takes it once, however often it is handed over."""
    kind = models.CharField(max_length=20)
    org = models.UUIDField(null=True)
    person = models.UUIDField(null=True)
    recipient = models.BinaryField(max_length=16)
    """A keyed digest of the address (`recipients`)."""
    sealed = models.TextField(blank=True)
    """Address, subject, text and button (`sealing`); empty where they are gone."""
    dedupe = models.CharField(max_length=100, blank=True, default="")
    """Of two mails with the same, the first is sent; empty: this one is, whatever else is."""
    urgent = models.BooleanField(default=False)
    """Not held back for the night."""
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    why = models.CharField(max_length=80, blank=True, default="")
    """Of what was not sent, came back, or waits for another attempt. Never the provider's own words: they name people."""
    written_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField(default=now)
    not_after = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    doubt_since = models.DateTimeField(null=True)
    """The first attempt of which nobody knows whether it was taken."""
    held = models.BooleanField(default=False)
    """One too many for its recipient in this hour: goes with others in one mail."""
    transport = models.CharField(max_length=10, blank=True, default="")
    provider_id = models.CharField(max_length=80, blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    """When it came into the state it is in, unless that is one of the first two."""
    complained_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    """When an operator looked at the complaint."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dedupe"], condition=~Q(dedupe=""), name="message_dedupe"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(state="queued"), name="message_due"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="message_leased"),
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="message_provider"),
            models.Index(fields=["recipient", "-written_at"], name="message_recipient"),
            models.Index(fields=["-written_at"], name="message_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.state}"


class Choice(models.Model):
    """Whether a person wants a kind of mail. Theirs, not their address's: it outlives a change of address."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.UUIDField()
    kind = models.CharField(max_length=20)
    wanted = models.BooleanField()
    set_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "kind"], name="choice_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {'yes' if self.wanted else 'no'}"


class Habits(models.Model):
    """When a person sleeps, and where."""

    person = models.UUIDField(primary_key=True)
    zone = models.CharField(max_length=60, default="UTC")
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)

    def __str__(self) -> str:
        return self.zone


class Suppression(models.Model):
    """An address that mails come back from, or whose owner called one of ours spam. Only the digest of it is kept."""

    class Why(models.TextChoices):
        BOUNCED = "bounced", "Mails come back"
        COMPLAINED = "complained", "Called spam"

    recipient = models.BinaryField(primary_key=True, max_length=16)
    why = models.CharField(max_length=10, choices=Why)
    at = models.DateTimeField(default=now)
    message = models.UUIDField(null=True)

    def __str__(self) -> str:
        return self.why


class Notice(models.Model):
    """What a person is told on the site itself. It stands as it was posted, and is read once: migration 0003 sees to both."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.UUIDField()
    kind = models.CharField(max_length=20)
    org = models.UUIDField(null=True)
    """Whose matter it is: shown only to who belongs there still."""
    about = models.CharField(max_length=100, blank=True, default="")
    """Of two about the same, a person gets the first; empty: this one, whatever else there is."""
    title = models.CharField(max_length=200)
    text = models.TextField()
    """Worded as mails are (`letters`)."""
    button = models.CharField(max_length=60, blank=True, default="")
    posted_at = models.DateTimeField(default=now)
    read_at = models.DateTimeField(null=True)
    """The proof that it was read: written by its person alone, and never again."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "about"], condition=~Q(about=""), name="notice_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["person", "-id"], name="notice_list"),
            models.Index(fields=["person"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(fields=["kind", "about"], name="notice_about"),
            models.Index(fields=["posted_at"], name="notice_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {'read' if self.read_at else 'not read'}"


class Told(models.Model):
    """An event that the provider told of, by its own id: told again, it changes nothing."""

    id = models.BinaryField(primary_key=True, max_length=16)
    at = models.DateTimeField(default=now)
    kind = models.CharField(max_length=40)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-at"], name="told_recent")]

    def __str__(self) -> str:
        return self.kind
