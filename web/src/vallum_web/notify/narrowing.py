"""What a webhook or a rule is narrowed to: severities and kinds of findings, and whose assets of what importance."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from django.db.models import Q

from vallum_web.findings.models import Finding
from vallum_web.tenancy.models import OrgQuerySet


class Narrowed(Protocol):
    occasions: Sequence[str]
    severity: int
    kinds: Sequence[str]
    team: UUID | None
    importance: int | None


def findings(narrowed: Narrowed, rows: OrgQuerySet[Finding]) -> OrgQuerySet[Finding]:
    fit = rows.filter(assets(narrowed, "asset__"), severity__gte=narrowed.severity)
    return fit.filter(kind__in=narrowed.kinds) if narrowed.kinds else fit


def assets(narrowed: Narrowed, way: str = "") -> Q:
    """Which assets are told of; `way` leads from the rows asked to the asset."""
    fits = Q()
    if narrowed.team:
        fits &= Q(**{f"{way}team": narrowed.team})
    if narrowed.importance is not None:
        fits &= Q(**{f"{way}importance__gte": narrowed.importance})
    return fits
