"""How many findings there are and what their risks add up to: sums of what the database counted while they were written."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from django.db.models import Sum

from vallum_web.findings.models import Finding, Tally
from vallum_web.tenancy.models import Org


class Cell(NamedTuple):
    status: str
    severity: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallied:
    """An organization's findings, or one asset's. Exact, however many there are."""

    findings: Mapping[Cell, int] = field(default_factory=dict)
    risks: Mapping[Cell, int] = field(default_factory=dict)

    def count(
        self, *, statuses: Collection[str] = (), severities: Collection[str] = (), kinds: Collection[str] = ()
    ) -> int:
        """Of these alone; what is empty narrows nothing."""
        return sum(n for cell, n in self.findings.items() if _in(cell, statuses, severities, kinds))

    def risk(self, status: str) -> int:
        return sum(n for cell, n in self.risks.items() if cell.status == status)


def _in(cell: Cell, statuses: Collection[str], severities: Collection[str], kinds: Collection[str]) -> bool:
    return (
        (not statuses or cell.status in statuses)
        and (not severities or cell.severity in severities)
        and (not kinds or cell.kind in kinds)
    )


def of(org: Org | UUID, asset: UUID | None = None) -> Tallied:
    """One query over a few dozen rows, of a million findings as of ten."""
    rows = Tally.objects.of(org).filter(asset=asset).values_list("status", "severity", "kind")
    summed = list(rows.annotate(n=Sum("findings"), points=Sum("risk")).order_by())
    cells = [Cell(status, Finding.Severity(severity).label, kind) for status, severity, kind, *_ in summed]
    return Tallied(
        findings={cell: int(n) for cell, (*_, n, _points) in zip(cells, summed, strict=True) if n},
        risks={cell: int(points) for cell, (*_, points) in zip(cells, summed, strict=True) if points},
    )


def open_by_asset(org: Org | UUID, assets: Iterable[UUID]) -> dict[UUID, Counter[str]]:
    """Open findings of each asset by severity; every severity is there."""
    table = {asset: Counter({severity.label: 0 for severity in reversed(Finding.Severity)}) for asset in assets}
    rows = Tally.objects.of(org).filter(asset__in=table, status=Finding.Status.OPEN).values_list("asset", "severity")
    for asset, severity, number in rows.annotate(n=Sum("findings")).order_by():
        table[asset][Finding.Severity(severity).label] = int(number)
    return table
