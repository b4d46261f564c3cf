from datetime import datetime
from uuid import UUID

from django.http import Http404
from ninja import Schema

from vallum_web.accounts.access import TenantRouter, TokenRequest
from vallum_web.assets import queries
from vallum_web.assets.models import Asset

router = TenantRouter(tags=["assets"])


class AssetOut(Schema):
    id: UUID
    kind: str
    name: str
    added_at: datetime


@router.get("", response=list[AssetOut], summary="All assets, by name")
def assets_list(request: TokenRequest) -> list[AssetOut]:
    return [AssetOut.from_orm(asset) for asset in queries.assets(request.auth.org)]


@router.get("/{asset_id}", response=AssetOut, summary="One asset")
def asset_get(request: TokenRequest, asset_id: UUID) -> AssetOut:
    try:
        return AssetOut.from_orm(queries.asset(request.auth.org, asset_id))
    except Asset.DoesNotExist:
        raise Http404 from None
