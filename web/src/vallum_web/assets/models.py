"""What can be hurt and owned."""

from typing import ClassVar

from django.db import models

from vallum_web.accounts.models import Team
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import TenantModel


class Asset(TenantModel):
    """One thing that findings are about. What its kind adds lives in an app of its own."""

    class Kind(models.TextChoices):
        REPOSITORY = "repository", "Repository"

    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=200)
    branch = models.CharField(max_length=200, blank=True)
    """The branch whose scans decide what is open; empty until a scan names one."""
    added_at = models.DateTimeField(default=now)
    added_by = models.UUIDField(null=True)
    retired_at = models.DateTimeField(null=True)
    team = TenantForeignKey(Team, models.SET_NULL, null=True, related_name="assets")
    """Who answers for it."""
    importance = models.PositiveSmallIntegerField(
        choices=[(rank.value, rank.word) for rank in Importance], default=Importance.NORMAL.value
    )
    exposure = models.PositiveSmallIntegerField(
        choices=[(rank.value, rank.word) for rank in Exposure], default=Exposure.UNKNOWN.value
    )

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "kind", "name"], name="asset_name_once"),
        ]
        indexes: ClassVar = [
            # Every list of assets, and how many there are.
            models.Index(fields=["org", "name", "id"], condition=models.Q(retired_at=None), name="asset_by_name"),
            # What is to be left out of what is known of all.
            models.Index(fields=["org", "id"], condition=models.Q(retired_at__isnull=False), name="asset_retired"),
        ]

    def __str__(self) -> str:
        return self.name
