"""Cases: what a rule saw, in words and figures, and what people made of it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import TenantModel


class Attack(models.Model):
    """An attack on signing in. It belongs to no organization, and names no account."""

    class Rule(models.TextChoices):
        STUFFING = "stuffing", "Many accounts tried from one network"
        SPRAYING = "spraying", "One password tried on many accounts"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule = models.CharField(max_length=16, choices=Rule)
    at = models.DateTimeField(default=now)
    network = models.CharField(max_length=43)
    """Cut as those of sign-ins are."""
    words = models.CharField(max_length=500)
    figures = models.JSONField(default=dict)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-at"], name="attack_recent")]

    def __str__(self) -> str:
        return f"{self.rule} {self.at}"


class AbuseCase(TenantModel):
    """Something unusual in an organization, until somebody of it says what it was."""

    class Rule(models.TextChoices):
        TOKEN_NETWORKS = "token_networks", "A token is used from many networks"
        TOKEN_WOKE = "token_woke", "A token is used after a long silence"
        TOKEN_PATTERN = "token_pattern", "A token does what it never did"
        EXPORT_MANY = "export_many", "Far more is exported than usual"
        EXPORT_NEW = "export_new", "A new owner exports"
        EXPORT_DELETE = "export_delete", "Somebody exports, and has findings deleted"
        OWNERS_REPLACED = "owners_replaced", "All owners were replaced"
        ESCALATED = "escalated", "Somebody got a higher role and made a way in"

    class Verdict(models.TextChoices):
        OURS = "ours", "That was us"
        ENDED = "ended", "It was not us, and is ended"

    rule = models.CharField(max_length=16, choices=Rule)
    about = models.UUIDField()
    """The token, the export or the person."""
    called = models.CharField(max_length=80)
    """What it is called, for when it is gone: a token's name and first characters, what an export is of."""
    who = models.UUIDField(null=True)
    """The person who did it, where one did."""
    at = models.DateTimeField(default=now)
    words = models.CharField(max_length=500)
    figures = models.JSONField(default=dict)
    suspended = models.BooleanField(default=False)
    """Whether the token was suspended when the case was raised."""
    until = models.DateTimeField(null=True)
    """Until when the export is held."""
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    verdict = models.CharField(max_length=6, choices=Verdict, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["org", "rule", "about"], condition=Q(closed_at=None), name="abusecase_one_open"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["org", "-at"], name="abusecase_recent")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.called}"


class Watching(TenantModel):
    """What an organization wants done by itself when a rule speaks. No row: nobody chose; exports are held, tokens are not stopped."""

    suspend_tokens = models.BooleanField(default=False)
    hold_exports = models.BooleanField(default=True)
    chosen_at = models.DateTimeField(default=now)
    chosen_by = models.UUIDField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org"], name="watching_once"),
        ]

    def __str__(self) -> str:
        return "suspends" if self.suspend_tokens else "tells"


class TokenHabit(TenantModel):
    """What a token usually does, so that what it never did can be told. Of hours it keeps the busiest alone."""

    token = models.UUIDField()
    since = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)
    routes = models.JSONField(default=list)
    busiest = models.PositiveIntegerField(default=0)
    """The most requests within an hour."""
    networks = models.PositiveIntegerField(default=0)
    """The most networks within an hour."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "token"], name="tokenhabit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.token}: {self.busiest}"


class Taken(TenantModel):
    """What somebody exported, or a token: so many rows, when. What is usual of them is told from it."""

    who = models.UUIDField()
    export = models.UUIDField()
    at = models.DateTimeField(default=now)
    rows = models.PositiveIntegerField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "export"], name="taken_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["org", "at"], name="taken_recent")]

    def __str__(self) -> str:
        return f"{self.who}: {self.rows}"
