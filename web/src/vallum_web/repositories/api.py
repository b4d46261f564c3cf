from uuid import UUID

from ninja import Schema, Status
from ninja.errors import HttpError
from pydantic import ConfigDict, Field

from vallum_guard.errors import GuardError
from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.assets.services import NameTakenError
from vallum_web.repositories import services
from vallum_web.tenancy.texts import OneLine

router = TenantRouter(tags=["repositories"])


class RepositoryIn(Schema):
    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=500)
    branch: str = Field(default="", max_length=200)
    name: OneLine = Field(default="", max_length=200)


class RepositoryOut(Schema):
    asset: UUID
    url: str
    branch: str


@router.post("", response={201: RepositoryOut}, summary="Add a repository by its https:// address")
@permits("assets.add")
def repository_add(request: TokenRequest, body: RepositoryIn) -> Status[RepositoryOut]:
    try:
        made = services.add_by_url(request.auth.org, request.auth.by, url=body.url, branch=body.branch, name=body.name)
    except GuardError as error:
        raise HttpError(422, str(error)) from error
    except NameTakenError as error:
        raise HttpError(409, f"There is an asset named {error} already: give another name.") from error
    return Status(201, RepositoryOut(asset=made.asset_id, url=made.url, branch=made.branch))
