from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from vallum_web.assets.models import Asset
from vallum_web.scans.models import Coverage, Rejected, Scan
from vallum_web.tenancy import keyset
from vallum_web.tenancy.keys import first_of
from vallum_web.tenancy.models import Org, OrgQuerySet

# Thousands of lines in one row: read for the page of one scan, never for a list.
UNLISTED = ("errors",)
ENDED = (Scan.Status.DONE, Scan.Status.INCOMPLETE)
BY_NUMBER = keyset.Order(fields=("number",), falling=False)


def scans(org: Org | UUID) -> OrgQuerySet[Scan]:
    return Scan.objects.of(org).select_related("asset").defer(*UNLISTED).order_by("-id")


def scan(org: Org | UUID, key: UUID) -> Scan:
    """Raises Scan.DoesNotExist."""
    found: Scan = Scan.objects.of(org).select_related("asset").get(pk=key)
    return found


def of_asset(org: Org, asset: UUID) -> OrgQuerySet[Scan]:
    return scans(org).filter(asset=asset)


def latest(org: Org, assets: Iterable[UUID]) -> dict[UUID, Scan]:
    """The newest scan of each asset, in one query."""
    rows: QuerySet[Scan] = (
        Scan.objects.of(org).filter(asset__in=list(assets)).defer(*UNLISTED).order_by("asset", "-id").distinct("asset")
    )
    return {row.asset_id: row for row in rows}


def coverage(org: Org, scan: Scan) -> list[Coverage]:
    """Rule sets first, then gaps, then what was left out on purpose."""
    rows: Iterable[Coverage] = Coverage.objects.of(org).filter(scan=scan)
    return sorted(rows, key=lambda row: (row.verdict != "ran", row.covered, row.ruleset, row.path, row.why))


def rejected(org: Org | UUID, scan: Scan) -> OrgQuerySet[Rejected]:
    """The records of its report that were not imported, in the report's order."""
    return Rejected.objects.of(org).filter(scan=scan.repeats or scan.pk).order_by("number")


def rejected_page(org: Org, scan: Scan, *, after: str = "", before: str = "") -> keyset.Page[Rejected]:
    return keyset.page([rejected(org, scan)], BY_NUMBER, after=after, before=before)


def sources(org: Org, asset: UUID) -> list[Scan]:
    """What is known of an asset, and since when: the newest scan with an end of our own scanner and of each tool."""
    ended = scans(org).filter(asset=asset, status__in=ENDED)
    rows: Iterable[Scan] = ended.order_by("tool", "-id").distinct("tool")
    return list(rows)


def last_finished(org: Org, asset: UUID | None = None) -> Scan | None:
    """The newest scan that reached its end, of one asset or of any."""
    rows = scans(org).filter(status__in=ENDED)
    return (rows.filter(asset=asset) if asset else rows).first()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far the record can speak for a set of assets."""

    assets: int
    never: int
    """Without a scan that reached its end."""
    gaps: int
    """Whose last scan with an end, of our own scanner or of some other tool, did not look everywhere."""


def unseen(org: Org, assets: QuerySet[Asset], since: datetime) -> QuerySet[Asset]:
    """The assets of which no scan that was asked for since then has reached its end."""
    lately = Scan.objects.of(org).filter(status__in=ENDED, asset=OuterRef("pk"), pk__gte=first_of(since))
    return assets.exclude(Exists(lately))


def standing(org: Org, assets: QuerySet[Asset]) -> Standing:
    """One question about all of them."""
    ended = Scan.objects.of(org).filter(status__in=ENDED)
    # What one tool looked at says nothing of what another one could not look at.
    newer = ended.filter(asset=OuterRef("asset"), tool=OuterRef("tool"), pk__gt=OuterRef("pk"))
    last = ended.filter(status=Scan.Status.INCOMPLETE, asset=OuterRef("pk")).exclude(Exists(newer))
    numbers = (
        assets.order_by()
        .annotate(known=Exists(ended.filter(asset=OuterRef("pk"))), gap=Exists(last))
        .aggregate(assets=Count("pk"), never=Count("pk", filter=Q(known=False)), gaps=Count("pk", filter=Q(gap=True)))
    )
    return Standing(**numbers)
