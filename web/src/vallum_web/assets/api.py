from datetime import datetime
from uuid import UUID

from django.http import Http404
from ninja import Query, Schema

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.assets import queries
from vallum_web.assets.models import Asset
from vallum_web.tenancy import keyset

router = TenantRouter(tags=["assets"])


class AssetOut(Schema):
    id: UUID
    kind: str
    name: str
    added_at: datetime


class AssetPage(Schema):
    items: list[AssetOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


class Place(Schema):
    after: str = ""


@router.get("", response=AssetPage, summary="Assets, by name")
@permits("findings.read")
def assets_list(request: TokenRequest, place: Query[Place]) -> AssetPage:
    page = keyset.page([queries.assets(request.auth.org)], queries.BY_NAME, after=place.after)
    return AssetPage(items=[AssetOut.from_orm(asset) for asset in page.rows], after=page.next or "")


@router.get("/{asset_id}", response=AssetOut, summary="One asset")
@permits("findings.read")
def asset_get(request: TokenRequest, asset_id: UUID) -> AssetOut:
    try:
        return AssetOut.from_orm(queries.asset(request.auth.org, asset_id))
    except Asset.DoesNotExist:
        raise Http404 from None
