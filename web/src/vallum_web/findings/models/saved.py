"""Lists that people come back to."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.models import TenantModel


class View(TenantModel):
    """A list that somebody comes back to: filters under a name. `me` in them is whoever looks."""

    name = models.CharField(max_length=60)
    query = models.TextField(blank=True)
    """As in the worklist's address, without the question mark."""
    by = models.UUIDField()
    shared = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "by"], name="view_of_person")]

    def __str__(self) -> str:
        return self.name
