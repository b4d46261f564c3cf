from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from vallum_web.scans.models import Coverage, Scan
from vallum_web.tenancy.models import Org, OrgQuerySet


def scans(org: Org | UUID) -> OrgQuerySet[Scan]:
    return Scan.objects.of(org).select_related("asset").order_by("-id")


def scan(org: Org | UUID, key: UUID) -> Scan:
    """Raises Scan.DoesNotExist."""
    found: Scan = scans(org).get(pk=key)
    return found


def of_asset(org: Org, asset: UUID) -> OrgQuerySet[Scan]:
    return scans(org).filter(asset=asset)


def latest(org: Org, assets: Iterable[UUID]) -> dict[UUID, Scan]:
    """The newest scan of each asset, in one query."""
    rows: QuerySet[Scan] = (
        Scan.objects.of(org).filter(asset__in=list(assets)).order_by("asset", "-id").distinct("asset")
    )
    return {row.asset_id: row for row in rows}


def coverage(org: Org, scan: Scan) -> list[Coverage]:
    """Rule sets first, then gaps, then what was left out on purpose."""
    rows: Iterable[Coverage] = Coverage.objects.of(org).filter(scan=scan)
    return sorted(rows, key=lambda row: (row.verdict != "ran", row.covered, row.ruleset, row.path, row.why))
