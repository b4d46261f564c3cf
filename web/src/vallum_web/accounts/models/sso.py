"""Single sign-on: an organization's identity providers, the domains it proved, and whom a provider calls what."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from vallum_web.accounts.models.people import Membership, User
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.keyring import SealedField
from vallum_web.tenancy.models import TenantModel


class IdentityProvider(TenantModel):
    """Who may vouch for people at this organization's door. One is in use at a time."""

    class Kind(models.TextChoices):
        OIDC = "oidc", "OpenID Connect"
        SAML = "saml", "SAML 2.0"

    NEWCOMERS: ClassVar = [(role.value, role.label) for role in (Membership.Role.DEVELOPER, Membership.Role.AUDITOR)]

    kind = models.CharField(max_length=4, choices=Kind)
    name = models.CharField(max_length=60)
    issuer = models.CharField(max_length=500)
    """OIDC's issuer, SAML's entity ID."""
    client_id = models.CharField(max_length=255, blank=True)
    secret = SealedField(blank=True)
    metadata = models.TextField(blank=True)
    """SAML's, as it was loaded."""
    metadata_url = models.CharField(max_length=500, blank=True)
    role = models.CharField(max_length=10, choices=NEWCOMERS, default=Membership.Role.DEVELOPER)
    """What newcomers become; never more, because whoever runs the provider decides who comes."""
    enabled = models.BooleanField(default=False)
    enforced = models.BooleanField(default=False)
    """Members whom the provider knows, or whose address is in a proved domain, come in by it alone."""
    made_by = models.UUIDField()
    made_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)
    tested_at = models.DateTimeField(null=True)
    """When an administrator last saw it answer."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org"], condition=Q(enabled=True), name="provider_one_in_use"),
            models.CheckConstraint(condition=Q(enforced=False) | Q(enabled=True), name="provider_enforced_in_use"),
            models.CheckConstraint(
                condition=Q(role__in=[Membership.Role.DEVELOPER, Membership.Role.AUDITOR]), name="provider_newcomers"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Domain(TenantModel):
    """A domain of email addresses that an organization says is its own, and whether it has proved it."""

    name = models.CharField(max_length=253)
    challenge = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=now)
    verified_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    misses = models.PositiveSmallIntegerField(default=0)
    """Checks in a row that did not find the proof."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "name"], name="domain_once"),
            # Across organizations on purpose: of two that claim a domain, whoever proves it has it.
            models.UniqueConstraint(fields=["name"], condition=Q(verified_at__isnull=False), name="domain_one_owner"),
        ]

    def __str__(self) -> str:
        return self.name


class SsoIdentity(TenantModel):
    """Whom a provider calls what. A subject means nothing outside its provider."""

    provider = TenantForeignKey(IdentityProvider, models.CASCADE, related_name="identities")
    subject = models.CharField(max_length=255)
    user = models.ForeignKey(User, models.CASCADE, related_name="sso_identities")
    tied_at = models.DateTimeField(default=now)
    used_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "provider", "subject"], name="identity_subject_once"),
            models.UniqueConstraint(fields=["org", "provider", "user"], name="identity_user_once"),
        ]

    def __str__(self) -> str:
        return self.subject


class SsoAnswer(TenantModel):
    """A SAML assertion that was taken: never again while it counts.

    It also carries what was kept of it from the provider's POST, which comes without our cookies, to the request that
    has them.
    """

    provider = TenantForeignKey(IdentityProvider, models.CASCADE, related_name="answers")
    assertion = models.CharField(max_length=64)
    """SHA-256 of its id."""
    ticket = models.CharField(max_length=64)
    """SHA-256 of what the browser brings along."""
    said = models.JSONField(null=True)
    """Subject, address and name; gone as soon as they were read."""
    at = models.DateTimeField(default=now)
    until = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "provider", "assertion"], name="answer_once"),
            models.UniqueConstraint(fields=["org", "ticket"], name="answer_ticket_once"),
        ]

    def __str__(self) -> str:
        return self.assertion
