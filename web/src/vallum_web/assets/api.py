from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from django.http import Http404
from ninja import Schema
from ninja.errors import HttpError
from pydantic import ConfigDict

from vallum_web.accounts import queries as people
from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.accounts.models import Team
from vallum_web.assets import queries, services
from vallum_web.assets.models import Asset
from vallum_web.assets.worth import Exposure, Importance

router = TenantRouter(tags=["assets"], holds=Asset)


class AssetOut(Schema):
    id: UUID
    kind: str
    name: str
    added_at: datetime
    importance: str
    exposure: str
    team: UUID | None
    """Who answers for it."""

    @classmethod
    def of(cls, asset: Asset) -> Self:
        return cls(
            id=asset.pk,
            kind=asset.kind,
            name=asset.name,
            added_at=asset.added_at,
            importance=Importance(asset.importance).word,
            exposure=Exposure(asset.exposure).word,
            team=asset.team_id,
        )


class AssetIn(Schema):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    importance: Literal["low", "normal", "high", "critical"] | None = None
    exposure: Literal["unknown", "internal", "internet"] | None = None


class OwnerIn(Schema):
    model_config = ConfigDict(extra="forbid")

    team: UUID | None
    """Null: nobody."""


class AssetPage(Schema):
    items: list[AssetOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


@router.get("/{asset_id}", response=AssetOut, summary="One asset")
@permits("findings.read")
def asset_get(request: TokenRequest, asset_id: UUID) -> AssetOut:
    try:
        return AssetOut.of(queries.asset(request.auth.org, asset_id))
    except Asset.DoesNotExist:
        raise Http404 from None


@router.patch("/{asset_id}", response=AssetOut, summary="Say how much an asset matters, and who can reach it")
@permits("assets.change")
def asset_change(request: TokenRequest, asset_id: UUID, body: AssetIn) -> AssetOut:
    importance = Importance[body.importance.upper()] if body.importance else None
    exposure = Exposure[body.exposure.upper()] if body.exposure else None
    try:
        changed = services.change(request.auth.org, asset_id, request.auth.by, importance=importance, exposure=exposure)
    except Asset.DoesNotExist:
        raise Http404 from None
    return AssetOut.of(changed)


@router.put("/{asset_id}/team", response=AssetOut, summary="Say which team answers for an asset, or none")
@permits("assets.own")
def asset_own(request: TokenRequest, asset_id: UUID, body: OwnerIn) -> AssetOut:
    try:
        asset = queries.asset(request.auth.org, asset_id)
        team = people.team(request.auth.org, body.team) if body.team else None
    except Asset.DoesNotExist:
        raise Http404 from None
    except Team.DoesNotExist as error:
        raise HttpError(422, "There is no such team: GET /api/v1/teams lists those there are.") from error
    services.give_to(asset, team, request.auth.by)
    return AssetOut.of(queries.asset(request.auth.org, asset_id))
