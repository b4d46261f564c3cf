from uuid import UUID

from vallum_web.assets.models import Asset
from vallum_web.tenancy import keyset
from vallum_web.tenancy.models import Org, OrgQuerySet

BY_NAME = keyset.Order(fields=("name", "id"), falling=False)


def assets(org: Org) -> OrgQuerySet[Asset]:
    return Asset.objects.of(org).filter(retired_at=None).order_by("name", "id")


def asset(org: Org, key: UUID) -> Asset:
    """Raises Asset.DoesNotExist."""
    found: Asset = Asset.objects.of(org).select_related("team").get(pk=key)
    return found


def named(org: Org, kind: Asset.Kind, name: str) -> Asset | None:
    return Asset.objects.of(org).filter(kind=kind, name=name).first()
