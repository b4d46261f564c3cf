"""What joins assets, scans and findings on one page. Each page asks a fixed number of questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from vallum_web.assets import queries as assets
from vallum_web.assets.models import Asset
from vallum_web.findings import queries as findings
from vallum_web.findings import tallies
from vallum_web.findings.models import Finding
from vallum_web.repositories import queries as repositories
from vallum_web.repositories.models import Repository
from vallum_web.scans import queries as scans
from vallum_web.scans import words
from vallum_web.scans.models import Scan
from vallum_web.tenancy import keyset
from vallum_web.tenancy.models import Org

PAGE = 50
HISTORY = 20
OURS = "Vallum"
NEWEST = keyset.Order()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLine:
    """An asset in a list: when it was last scanned, and what is open there."""

    asset: Asset
    scan: Scan | None
    open: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.open.values())


def lines(org: Org, rows: Sequence[Asset]) -> list[AssetLine]:
    keys = [row.pk for row in rows]
    last, open_now = scans.latest(org, keys), tallies.open_by_asset(org, keys)
    return [AssetLine(asset=row, scan=last.get(row.pk), open=open_now[row.pk]) for row in rows]


def asset_page(org: Org, *, scanned: str = "", after: str, before: str) -> tuple[keyset.Page[Asset], list[AssetLine]]:
    rows = scans.scanned(org, assets.assets(org), scanned)
    page = keyset.page([rows], assets.BY_NAME, after=after, before=before, size=PAGE)
    return page, lines(org, page.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A scanner that has looked at an asset, and its last scan with an end."""

    scan: Scan
    name: str

    @property
    def partial(self) -> bool:
        """Whether its report was meant to be a part of what it has to say."""
        return bool(self.scan.tool) and not self.scan.complete and self.scan.status == Scan.Status.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDetail:
    asset: Asset
    repository: Repository | None
    open: Mapping[str, int]
    history: keyset.Page[Scan]
    last: Scan | None
    worst: Sequence[Finding]
    sources: Sequence[Source]
    looked: findings.Looked

    @property
    def foreign(self) -> bool:
        """Whether other tools have said something of it."""
        return any(source.scan.tool for source in self.sources)

    @property
    def total(self) -> int:
        return sum(self.open.values())


def asset(org: Org, key: UUID, *, after: str = "", before: str = "") -> AssetDetail:
    """Raises Asset.DoesNotExist."""
    found = assets.asset(org, key)
    return AssetDetail(
        asset=found,
        repository=repositories.of_asset(org, key),
        open=tallies.open_by_asset(org, [key])[key],
        history=keyset.page([scans.of_asset(org, key)], NEWEST, after=after, before=before, size=HISTORY),
        last=scans.latest(org, [key]).get(key),
        worst=findings.worst_of(org, found),
        sources=[Source(scan=scan, name=words.tools(scan) or OURS) for scan in scans.sources(org, key)],
        looked=findings.looked(org, key),
    )
