from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from vallum_web.assets.models import Asset
from vallum_web.scans.models import Coverage, Rejected, Scan
from vallum_web.tenancy import clock, keyset
from vallum_web.tenancy.keys import first_of
from vallum_web.tenancy.models import Org, OrgQuerySet

# Thousands of lines in one row: read for the page of one scan, never for a list.
UNLISTED = ("errors",)
ENDED = (Scan.Status.DONE, Scan.Status.INCOMPLETE)
STALE = timedelta(days=30)
MOST_STANDING = 10_000
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
    """Counted no further than `MOST_STANDING + 1`, and nothing below is said of more."""
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
    return assets.exclude(Exists(_ended(org).filter(pk__gte=first_of(since))))


def standing(org: Org, assets: QuerySet[Asset]) -> Standing:
    """One question about all of them."""
    last = _ended(org).order_by("-id")

    def told(figure: str) -> Subquery:
        return Subquery(last.values(told=Cast(KT(f"stats__{figure}"), IntegerField()))[:1])

    numbers = (
        assets.order_by()
        .annotate(known=_known(org), lately=_lately(org), gap=_gap(org), of=told("rulesets"), did=told("ran"))[
            : MOST_STANDING + 1
        ]
        .aggregate(
            assets=Count("pk"),
            never=Count("pk", filter=Q(known=False)),
            stale=Count("pk", filter=Q(known=True, lately=False)),
            gaps=Count("pk", filter=Q(gap=True)),
            rulesets=Coalesce(Sum("of"), 0),
            ran=Coalesce(Sum("did"), 0),
        )
    )
    return Standing(**numbers)


SCANNED = {
    "never": "Never scanned",
    "stale": "Not scanned in full for 30 days",
    "incomplete": "With gaps in the last scan",
}


def scanned(org: Org, assets: OrgQuerySet[Asset], how: str) -> OrgQuerySet[Asset]:
    """Those that `standing` counts as `never`, `stale` or, here `incomplete`, `gaps`; all where `how` is empty."""
    if how == "never":
        return assets.exclude(_known(org))
    if how == "stale":
        return assets.filter(_known(org)).exclude(_lately(org))
    return assets.filter(_gap(org)) if how == "incomplete" else assets


def _ended(org: Org) -> QuerySet[Scan]:
    """The scans with an end, of the asset of the query around this one."""
    rows: QuerySet[Scan] = Scan.objects.of(org).filter(status__in=ENDED, asset=OuterRef("pk"))
    return rows


def _known(org: Org) -> Exists:
    return Exists(_ended(org))


def _lately(org: Org) -> Exists:
    return Exists(_ended(org).filter(complete=True, pk__gte=first_of(clock.now() - STALE)))


def _gap(org: Org) -> Exists:
    # What one tool looked at says nothing of what another one could not look at.
    same = Scan.objects.of(org).filter(status__in=ENDED, asset=OuterRef("asset"), tool=OuterRef("tool"))
    return Exists(_ended(org).filter(status=Scan.Status.INCOMPLETE).exclude(Exists(same.filter(pk__gt=OuterRef("pk")))))
