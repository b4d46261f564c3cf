"""What an organization's provider says of its people and groups (SCIM), kept apart from what people say of themselves."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from vallum_web.accounts.models.invitations import Invitation
from vallum_web.accounts.models.people import Membership
from vallum_web.accounts.models.teams import Team
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import TenantModel


class Provisioning(TenantModel):
    """How an organization takes what its provider says, and what it refused last. No row: as the defaults say."""

    default_role = models.CharField(max_length=10, choices=Membership.Role, default=Membership.Role.DEVELOPER)
    roles_count = models.BooleanField(default=False)
    """Whether the provider's `roles` and `entitlements` say who is what here."""
    refused = models.CharField(max_length=200, blank=True)
    refused_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org"], name="provisioning_once"),
        ]

    def __str__(self) -> str:
        return f"new people are {self.default_role}"


class ScimUser(TenantModel):
    """One person as the provider says them. The person's own account is never changed by it."""

    user_name = models.CharField(max_length=255)
    user_name_key = models.CharField(max_length=765, db_collation="C")
    """The user name as it is compared: NFC, small letters (which can be three for one)."""
    external_id = models.CharField(max_length=255, blank=True, db_collation="C")
    active = models.BooleanField(default=True)
    said = models.JSONField(default=dict)
    """Names, addresses, roles and entitlements in the provider's words, as SCIM writes them."""
    address_keys = models.JSONField(default=list)
    """The addresses in `said` as they are compared."""
    address = models.EmailField(blank=True)
    """The one that counts, in small letters; empty where there is none."""
    person = models.UUIDField(null=True)
    """Who it is here, once known: an id, so that the person stays theirs."""
    member = TenantForeignKey(Membership, models.SET_NULL, null=True, related_name="scim_users")
    invitation = TenantForeignKey(Invitation, models.SET_NULL, null=True, related_name="scim_users")
    former_role = models.CharField(max_length=10, choices=Membership.Role, blank=True)
    """The role that a membership ended by the provider had: it comes back with it."""
    trouble = models.CharField(max_length=200, blank=True)
    """Why an active person is no member, in words."""
    made_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "user_name_key"], name="scim_user_name_once"),
            models.UniqueConstraint(
                fields=["org", "member"], condition=Q(member__isnull=False), name="scim_user_member_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["org", "external_id"], name="scim_user_external"),
            models.Index(fields=["org", "address"], name="scim_user_address"),
        ]

    def __str__(self) -> str:
        return self.user_name


class ScimGroup(TenantModel):
    """A team that the provider looks after: its name and its people are the provider's to say."""

    team = TenantForeignKey(Team, models.CASCADE, related_name="scim_groups")
    name_key = models.CharField(max_length=240, db_collation="C")
    """The team's name as it is compared."""
    external_id = models.CharField(max_length=255, blank=True, db_collation="C")
    made_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "team"], name="scim_group_team_once"),
            models.UniqueConstraint(fields=["org", "name_key"], name="scim_group_name_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["org", "external_id"], name="scim_group_external")]

    def __str__(self) -> str:
        return self.name_key


class ScimGroupMember(TenantModel):
    """A person's place in a group, kept while they are no member as well: it becomes one in the team when they join."""

    group = TenantForeignKey(ScimGroup, models.CASCADE, related_name="places")
    user = TenantForeignKey(ScimUser, models.CASCADE, related_name="places")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "group", "user"], name="scim_group_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} {self.user_id}"
