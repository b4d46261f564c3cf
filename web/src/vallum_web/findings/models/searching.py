"""The words of findings, beside them: a finding is written in half of the time when its words are not a column of it."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from vallum_web.tenancy.isolation import RowLevelSecurity
from vallum_web.tenancy.models import Org, TenantModel


class Words(TenantModel):
    """What a search looks through; the id is the finding's. Triggers keep it, `services.settle` after large digests. Migration 0017."""

    # No constraint of its own, as for findings: rows come and go with theirs.
    org = models.ForeignKey(Org, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    words = SearchVectorField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [RowLevelSecurity(name="findings_words_tenant")]
        indexes: ClassVar = [GinIndex(fields=["words"], name="words_of_findings", gin_pending_list_limit=131072)]

    def __str__(self) -> str:
        return str(self.pk)
