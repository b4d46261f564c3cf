from uuid import UUID

from vallum_web.repositories.models import Credential, Repository
from vallum_web.tenancy.models import Org


def of_asset(org: Org | UUID, asset: UUID) -> Repository | None:
    """What the asset is as a repository; None where it is none (its reports are uploaded)."""
    return Repository.objects.of(org).select_related("asset").filter(asset=asset).first()


def credential_of(org: Org | UUID, asset: UUID) -> Credential | None:
    """What may be shown of what opens the asset's repository."""
    return Credential.objects.of(org).defer("token").filter(repository__asset=asset).first()
