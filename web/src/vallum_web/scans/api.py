from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404
from ninja import Query, Schema, Status
from pydantic import ConfigDict, Field

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.assets import queries as assets
from vallum_web.assets.models import Asset
from vallum_web.scans import queries, services
from vallum_web.scans.models import Scan
from vallum_web.tenancy.parameters import Parameters

router = TenantRouter(tags=["scans"], holds=Scan)
PAGE = 50
EXAMPLE = "01890a5d-ac96-774b-bcce-b302099a8057"


class ScanLine(Schema):
    id: UUID
    asset_id: UUID
    status: str
    origin: str
    phase: str
    progress: dict[str, int]
    attempts: int
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    branch: str
    commit: str
    tool: str
    """Of a report of another tool: the formats it was read as."""
    repeats: UUID | None
    """The scan whose report was the same, byte for byte."""
    isolation: str
    asking: str
    """`on`: issuers were asked whether found secrets still work; `unable`: wanted, and not possible on this machine."""
    engine: str
    complete: bool
    stats: dict[str, Any]
    outcome: dict[str, int]
    failure: str


class ScanOut(ScanLine):
    errors: list[dict[str, str]]


class CoverageOut(Schema):
    ruleset: str
    version: str
    verdict: str
    path: str
    why: str
    covered: bool
    count: int


class ScanIn(Schema):
    model_config = ConfigDict(extra="forbid")

    asset: UUID


class ScanPage(Schema):
    items: list[ScanLine]
    after: UUID | None
    """Give it as `after` for the next page; null on the last."""


class ScansWanted(Parameters):
    asset: UUID | None = Field(None, description="One asset's id.", examples=[EXAMPLE])
    after: UUID | None = Field(None, description="The `after` of the page before this one.", examples=[EXAMPLE])


@router.get("", response=ScanPage, summary="Scans, newest first")
@permits("findings.read")
def scans_list(request: TokenRequest, place: Query[ScansWanted]) -> ScanPage:
    rows = queries.scans(request.auth.org)
    if place.asset:
        rows = rows.filter(asset=place.asset)
    if place.after:
        rows = rows.filter(pk__lt=place.after)
    found = list(rows[: PAGE + 1])
    more = len(found) > PAGE
    return ScanPage(
        items=[ScanLine.from_orm(scan) for scan in found[:PAGE]], after=found[PAGE - 1].pk if more else None
    )


@router.post("", response={202: ScanOut}, summary="Scan an asset now")
@permits("scans.start")
def scan_request(request: TokenRequest, body: ScanIn) -> Status[ScanOut]:
    try:
        assets.asset(request.auth.org, body.asset)
    except Asset.DoesNotExist:
        raise Http404 from None
    return Status(202, ScanOut.from_orm(services.request(request.auth.org, body.asset, request.auth.by)))


@router.get("/{scan_id}", response=ScanOut, summary="One scan")
@permits("findings.read")
def scan_get(request: TokenRequest, scan_id: UUID) -> ScanOut:
    return ScanOut.from_orm(_scan(request, scan_id))


@router.get("/{scan_id}/coverage", response=list[CoverageOut], summary="Where a scan looked, and where it did not")
@permits("findings.read")
def scan_coverage(request: TokenRequest, scan_id: UUID) -> list[CoverageOut]:
    scan = _scan(request, scan_id)
    return [CoverageOut.from_orm(row) for row in queries.coverage(request.auth.org, scan)]


def _scan(request: TokenRequest, key: UUID) -> Scan:
    try:
        return queries.scan(request.auth.org, key)
    except Scan.DoesNotExist:
        raise Http404 from None
