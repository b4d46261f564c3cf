"""What people say about findings."""

from typing import ClassVar

from django.db import models

from vallum_web.findings.models.findings import Finding
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.models import TenantModel


class Comment(TenantModel):
    """What somebody says about a finding, in Markdown (`prose`). Deleted, its place is kept, and nothing of its text."""

    finding = TenantForeignKey(Finding, models.CASCADE, db_index=False, related_name="+")
    by = models.UUIDField()
    text = models.TextField(max_length=5000)
    made_at = models.DateTimeField(default=now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["org", "finding", "-id"], name="comment_of_finding")]

    def __str__(self) -> str:
        return self.text[:60]
