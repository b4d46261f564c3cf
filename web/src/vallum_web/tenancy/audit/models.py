"""The audit log of an organization: entries in a chain, its head, and signed checkpoints. Rows outlive the organization."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.models import Org, TenantModel

DIGEST = 32


class Lasting(TenantModel):
    """A row that stays for its own twelve months when the organization goes: its `org` is a word, not a reference."""

    org = models.ForeignKey(Org, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")

    class Meta(TenantModel.Meta):
        abstract = True


class Entry(Lasting):
    """One act. The application may add rows and read them; `hash` covers every column but the sealed text itself."""

    class Actor(models.TextChoices):
        PERSON = "person", "Person"
        TOKEN = "token", "Token"
        SYSTEM = "system", "Vallum"
        STAFF = "staff", "Staff"

    seq = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=60, db_collation="C")
    subject = models.UUIDField()
    actor = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=6, choices=Actor)
    via = models.UUIDField(null=True)
    """The token that it was done with."""
    facts = models.TextField()
    """JSON, kept as text: a hash needs the same letters again, and `jsonb` writes numbers its own way."""
    sealed = models.TextField(blank=True)
    """Who exactly, and from where, under the actor's own key. Without the key, or without this text, the chain holds."""
    sealed_sha256 = models.BinaryField(max_length=DIGEST)
    previous = models.BinaryField(max_length=DIGEST)
    hash = models.BinaryField(max_length=DIGEST)

    class Meta(Lasting.Meta):
        constraints: ClassVar = [
            *Lasting.Meta.constraints,
            models.UniqueConstraint(fields=["org", "seq"], name="audit_entry_seq"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["org", "at"], name="audit_entry_at"),
            models.Index(fields=["org", "actor", "seq"], name="audit_entry_actor"),
            models.Index(fields=["org", "subject", "seq"], name="audit_entry_subject"),
            models.Index(fields=["org", "kind", "seq"], name="audit_entry_kind"),
            models.Index(fields=["org", "via", "seq"], condition=models.Q(via__isnull=False), name="audit_entry_via"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class Head(Lasting):
    """Where the chain ends. Whoever adds to it locks this row; only the database's own trigger moves it."""

    seq = models.BigIntegerField()
    hash = models.BinaryField(max_length=DIGEST)
    verified_at = models.DateTimeField(null=True)
    verified_seq = models.BigIntegerField(null=True)
    problem = models.TextField(blank=True)
    """What the last verification found, if it found anything."""

    class Meta(Lasting.Meta):
        constraints: ClassVar = [
            *Lasting.Meta.constraints,
            models.UniqueConstraint(fields=["org"], name="audit_head_once"),
        ]

    def __str__(self) -> str:
        return str(self.seq)


class Checkpoint(Lasting):
    """A signature of this installation under "entry `seq` had this hash": of each day, and where a chain was cut off."""

    class Reason(models.TextChoices):
        DAILY = "daily", "Daily"
        PRUNED = "pruned", "What came before was older than twelve months"

    reason = models.CharField(max_length=6, choices=Reason)
    day = models.DateField()
    at = models.DateTimeField(default=now)
    seq = models.BigIntegerField()
    hash = models.BinaryField(max_length=DIGEST)
    key = models.CharField(max_length=16)
    """Which key signed: the beginning of its public half's SHA-256."""
    signature = models.BinaryField(max_length=64)

    class Meta(Lasting.Meta):
        constraints: ClassVar = [
            *Lasting.Meta.constraints,
            models.UniqueConstraint(
                fields=["org", "day"], condition=models.Q(reason="daily"), name="audit_checkpoint_daily"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["org", "reason", "-seq"], name="audit_checkpoint_recent")]

    def __str__(self) -> str:
        return f"{self.day} {self.seq}"
