"""The list of assets over the API, which their scans narrow."""

from typing import Annotated

from ninja import Query
from pydantic import Field

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.assets import queries as assets
from vallum_web.assets.api import AssetOut, AssetPage
from vallum_web.scans import queries as scans
from vallum_web.tenancy import keyset
from vallum_web.tenancy.parameters import After, OneOf

router = TenantRouter(tags=["assets"])


class AssetsWanted(After):
    """One page of the list."""

    scanned: Annotated[str, OneOf(tuple(scans.SCANNED))] = Field(
        "",
        description="`never`; `stale`: scanned, but not in full for 30 days; `incomplete`: with gaps in the last scan.",
        examples=["stale"],
    )


@router.get("", response=AssetPage, summary="Assets, by name")
@permits("findings.read")
def assets_list(request: TokenRequest, wanted: Query[AssetsWanted]) -> AssetPage:
    rows = scans.scanned(request.auth.org, assets.assets(request.auth.org), wanted.scanned)
    page = keyset.page([rows], assets.BY_NAME, after=wanted.after)
    return AssetPage(items=[AssetOut.of(asset) for asset in page.rows], after=page.next or "")
