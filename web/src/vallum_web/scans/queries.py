from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from vallum_web.assets.models import Asset
from vallum_web.scans.models import Coverage, Latest, Rejected, Scan
from vallum_web.tenancy import clock, keyset
from vallum_web.tenancy.keys import first_of
from vallum_web.tenancy.models import Org, OrgQuerySet

# Thousands of lines in one row: read for the page of one scan, never for a list.
UNLISTED = ("errors",)
UNFINISHED = (Scan.Status.QUEUED, Scan.Status.RUNNING)
ENDED = (Scan.Status.DONE, Scan.Status.INCOMPLETE)
STALE = timedelta(days=30)
BY_NUMBER = keyset.Order(fields=("number",), falling=False)


def scans(org: Org | UUID) -> OrgQuerySet[Scan]:
    return Scan.objects.of(org).select_related("asset").defer(*UNLISTED).order_by("-id")


def scan(org: Org | UUID, key: UUID) -> Scan:
    """Raises Scan.DoesNotExist."""
    found: Scan = Scan.objects.of(org).select_related("asset").get(pk=key)
    return found


def of_asset(org: Org | UUID, asset: UUID) -> OrgQuerySet[Scan]:
    return scans(org).filter(asset=asset)


def waiting(org: Org | UUID, asset: UUID) -> Scan | None:
    """The scan of the asset by this platform that waits or runs; there is one at most."""
    return of_asset(org, asset).filter(status__in=UNFINISHED, origin=Scan.Origin.REQUESTED).first()


def latest(org: Org, assets: Iterable[UUID]) -> dict[UUID, Scan]:
    """The newest scan of each asset, whether it has reached an end or not: two queries, and one step for each."""
    newest = Scan.objects.of(org).filter(asset=OuterRef("pk")).order_by("-id").values("pk")[:1]
    # A list, not a subquery: with one the planner reads every scan of the organization.
    keys = list(Asset.objects.of(org).filter(pk__in=list(assets)).values_list(Subquery(newest), flat=True))
    rows: QuerySet[Scan] = Scan.objects.of(org).filter(pk__in=keys).defer(*UNLISTED)
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
    rows = Latest.objects.of(org).order_by("-scan_id")
    of_asset = rows.filter(asset=asset) if asset else rows
    return scans(org).filter(pk=Subquery(of_asset.values("scan")[:1])).first()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far the record can speak for a set of assets."""

    assets: int
    never: int
    """Without a scan that reached its end."""
    stale: int
    """Scanned, but not as a whole within `STALE`."""
    gaps: int
    """Whose last scan with an end, of our own scanner or of some other tool, did not look everywhere."""
    rulesets: int
    """That took part in the last scan of each, added up; scans that do not say are left out."""
    ran: int
    """Of these, how many did run."""

    @property
    def share(self) -> int | None:
        """What ran in percent, rounded down: only all is 100."""
        return self.ran * 100 // self.rulesets if self.rulesets else None


def unseen(org: Org, assets: QuerySet[Asset], since: datetime) -> QuerySet[Asset]:
    """The assets of which no scan that was asked for since then has reached its end."""
    return assets.exclude(Exists(_latest(org).filter(scan__gte=first_of(since))))


def standing(org: Org, asset: UUID | None = None) -> Standing:
    """Of every asset that is not retired, or of one of them: two questions, each answered by an index alone."""
    assets, rows = Asset.objects.of(org), Latest.objects.of(org)
    if asset:
        assets, rows = assets.filter(pk=asset), rows.filter(asset=asset)
    retired = Asset.objects.of(org).filter(pk=OuterRef("asset_id"), retired_at__isnull=False)
    numbers = rows.exclude(Exists(retired)).aggregate(
        known=Count("asset_id"),
        stale=Count("asset_id", filter=Q(whole=None) | Q(whole__lt=_stale())),
        incomplete=Count("asset_id", filter=Q(gaps=True)),
        of=Coalesce(Sum("rulesets"), 0),
        did=Coalesce(Sum("ran"), 0),
    )
    every = assets.filter(retired_at=None).count()
    return Standing(
        assets=every,
        never=every - numbers["known"],
        stale=numbers["stale"],
        gaps=numbers["incomplete"],
        rulesets=numbers["of"],
        ran=numbers["did"],
    )


SCANNED = {
    "never": "Never scanned",
    "stale": "Not scanned in full for 30 days",
    "incomplete": "With gaps in the last scan",
}


def scanned(org: Org, assets: OrgQuerySet[Asset], how: str) -> OrgQuerySet[Asset]:
    """Those that `standing` counts as `never`, `stale` or, here `incomplete`, `gaps`; all where `how` is empty."""
    if how == "never":
        return assets.exclude(Exists(_latest(org)))
    if how == "stale":
        return assets.filter(Exists(_latest(org).exclude(whole__gte=_stale())))
    return assets.filter(Exists(_latest(org).filter(gaps=True))) if how == "incomplete" else assets


def _latest(org: Org) -> QuerySet[Latest]:
    """Of the asset of the query around this one."""
    rows: QuerySet[Latest] = Latest.objects.of(org).filter(asset=OuterRef("pk"))
    return rows


def _stale() -> UUID:
    """Scans with a lesser key are old."""
    return first_of(clock.now() - STALE)
