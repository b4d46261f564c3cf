"""Reads of the rules of due dates, and of what they make of the record."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from vallum_web.assets.models import Asset
from vallum_web.findings import due
from vallum_web.findings.merge import Weights
from vallum_web.findings.models import DueRule, Finding
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org

SOON = timedelta(days=7)


def due_rules(org: Org | UUID) -> dict[tuple[int, int], due.Days]:
    """By when findings should have ended, by the ranks of severity and importance: the whole table."""
    own = DueRule.objects.of(org).values_list("severity", "importance", "days")
    return due.table({(severity, importance): days for severity, importance, days in own})


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """Open findings of one severity: how many are overdue, and how many would be."""

    severity: str
    open: int
    now: int
    then: int
    soon: int


_OVERDUE = """
select n.severity, count(*), count(*) filter (where due_at < %(now)s), count(*) filter (where wanted < %(now)s),
  count(*) filter (where wanted >= %(now)s and wanted < %(soon)s)
from (
  select f.severity, f.due_at,
    greatest(f.opened_at, f.reopened_at) + (%(due)s::jsonb -> a.importance::text ->> f.severity::text)::integer * interval '1 day' as wanted
  from findings_finding f join assets_asset a on a.org_id = %(org)s and a.id = f.asset_id
  where f.org_id = %(org)s and f.status = 'open'
) n group by n.severity order by n.severity desc
"""


def overdue_under(org: Org, rules: due.Table) -> list[Overdue]:
    """What is overdue of the open findings, and what would be if `rules` held, by severity."""
    now = clock.now()
    values: dict[str, Any] = {"org": org.pk, "now": now, "soon": now + SOON, "due": due.written(rules)}
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, values)
        rows = cursor.fetchall()
    return [
        Overdue(severity=Finding.Severity(severity).label, open=every, now=late, then=then, soon=soon)
        for severity, every, late, then, soon in rows
    ]


def weights(org: UUID, asset: UUID) -> Weights:
    row = Asset.objects.of(org).only("exposure", "importance").get(pk=asset)
    days = due.of_importance(due_rules(org), row.importance)
    return Weights(exposure=row.exposure, importance=row.importance, due=days)
