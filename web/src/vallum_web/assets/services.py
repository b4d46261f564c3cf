from uuid import UUID

from django.db import IntegrityError

from vallum_web.assets.models import Asset
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


class NameTakenError(ValueError):
    """The organization already has an asset of this kind and name."""


def add(org: Org, kind: Asset.Kind, name: str, by: UUID | None) -> Asset:
    try:
        with scope(org.pk, user=by):
            asset = Asset.objects.create(org=org, kind=kind, name=name, added_by=by)
            emit("asset.added", asset.pk, asset_kind=kind, name=name)
            return asset
    except IntegrityError as error:
        raise NameTakenError(name) from error


def lock(asset: UUID) -> None:
    """Hold the asset's row until the transaction ends."""
    Asset.objects.select_for_update().only("id").get(pk=asset)
