from uuid import UUID

from django.db import IntegrityError

from vallum_web.accounts.models import Team
from vallum_web.assets.models import Asset
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.tenancy import entitlements
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import enqueue
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.plans import What
from vallum_web.tenancy.scope import scope


class NameTakenError(ValueError):
    """The organization already has an asset of this kind and name."""


COUNTED = {Asset.Kind.REPOSITORY: What.REPOSITORIES}
"""What of a plan each kind counts against."""


def add(org: Org, kind: Asset.Kind, name: str, by: UUID | None) -> Asset:
    """Raises NameTakenError, PlanFullError. What is retired does not count."""
    try:
        with scope(org.pk, user=by):
            entitlements.admit(org, COUNTED[kind], Asset.objects.of(org).filter(kind=kind, retired_at=None).count)
            asset = Asset.objects.create(org=org, kind=kind, name=name, added_by=by)
            emit("asset.added", asset.pk, asset_kind=kind, name=name)
            return asset
    except IntegrityError as error:
        raise NameTakenError(name) from error


def give_to(asset: Asset, team: Team | None, by: UUID) -> None:
    """Say which team answers for the asset; None: nobody."""
    with scope(asset.org_id, user=by):
        if asset.team_id != (team.pk if team else None):
            Asset.objects.of(asset.org_id).filter(pk=asset.pk).update(team=team)
            emit("asset.owned", asset.pk, team=str(team.pk) if team else None)


def change(
    org: Org, asset: UUID, by: UUID | None, *, importance: Importance | None = None, exposure: Exposure | None = None
) -> Asset:
    """Say how much the asset matters and who can reach it; None leaves a fact as it is. Raises Asset.DoesNotExist."""
    wanted = {"importance": importance, "exposure": exposure}
    with scope(org.pk, user=by):
        row: Asset = Asset.objects.of(org).select_for_update(no_key=True).get(pk=asset)
        changed = {name: rank for name, rank in wanted.items() if rank is not None and getattr(row, name) != rank}
        if changed:
            before = {f"{name}_was": type(rank)(getattr(row, name)).word for name, rank in changed.items()}
            Asset.objects.of(org).filter(pk=asset).update(**{name: rank.value for name, rank in changed.items()})
            emit("asset.changed", asset, **{name: rank.word for name, rank in changed.items()}, **before)
            row.refresh_from_db(fields=list(changed))
            # By name: findings stand above assets, and weigh what an asset changed.
            enqueue("findings.weigh", org=org.pk, lock=f"weigh:{org.pk}", asset=asset)
        return row


def lock(asset: UUID) -> None:
    """Hold the asset's row until the transaction ends. Others may still refer to it: a scan can be asked for meanwhile."""
    Asset.objects.select_for_update(no_key=True).only("id").get(pk=asset)


def follow_branch(asset: Asset, branch: str) -> None:
    """Let the scans of this branch decide about the asset's findings from now on."""
    with scope(asset.org_id):
        if Asset.objects.of(asset.org_id).filter(pk=asset.pk).exclude(branch=branch).update(branch=branch):
            emit("asset.branch", asset.pk, branch=branch)
