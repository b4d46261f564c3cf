"""Teams: who answers for which assets."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower

from vallum_web.accounts.models.people import Membership
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import TenantModel


class Team(TenantModel):
    """Some of an organization's members, who own assets together."""

    name = models.CharField(max_length=80)
    made_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint("org", Lower("name"), name="team_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class TeamMember(TenantModel):
    """A member's place in a team; it ends with the membership."""

    team = TenantForeignKey(Team, models.CASCADE, related_name="places")
    member = TenantForeignKey(Membership, models.CASCADE, related_name="places")
    since = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "team", "member"], name="team_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.member_id}"
