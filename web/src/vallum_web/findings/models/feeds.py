"""Up to when the record follows what the feeds say."""

from datetime import UTC, datetime
from typing import ClassVar

from django.db import models

from vallum_web.tenancy.models import TenantModel

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FeedMark(TenantModel):
    """Up to when what the feeds say is in the risk of the organization's findings."""

    up_to = models.DateTimeField(default=EPOCH)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org"], name="feed_mark_once"),
        ]

    def __str__(self) -> str:
        return f"{self.up_to:%Y-%m-%d %H:%M}"
