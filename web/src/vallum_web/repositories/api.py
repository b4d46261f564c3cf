from uuid import UUID

from ninja import Schema, Status
from ninja.errors import HttpError
from pydantic import ConfigDict, Field, SecretStr

from vallum_guard.errors import GuardError
from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.assets.services import NameTakenError
from vallum_web.repositories import queries, services
from vallum_web.repositories.userinfo import apart, credential
from vallum_web.tenancy.texts import OneLine

router = TenantRouter(tags=["repositories"])


class RepositoryIn(Schema):
    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=500)
    branch: str = Field(default="", max_length=200)
    name: OneLine = Field(default="", max_length=200)
    token: SecretStr = Field(
        default=SecretStr(""),
        max_length=4000,
        description="For a private repository. Sealed, given to git alone, and in no answer.",
        json_schema_extra={"writeOnly": True},
    )
    user: str = Field(default="", max_length=100, description="The token's user name, where the host asks for one.")


class RepositoryOut(Schema):
    asset: UUID
    url: str
    branch: str
    token: str = Field(description="A fingerprint of the token it is opened with; empty for a public one.")


@router.post("", response={201: RepositoryOut}, summary="Add a repository by its https:// address")
@permits("assets.add")
def repository_add(request: TokenRequest, body: RepositoryIn) -> Status[RepositoryOut]:
    try:
        url, user, token = apart(body.url)
        given = credential(body.user or user, body.token.get_secret_value() or token)
        made = services.add_by_url(
            request.auth.org, request.auth.by, url=url, branch=body.branch, name=body.name, credential=given
        )
    except GuardError as error:
        raise HttpError(422, str(error)) from error
    except NameTakenError as error:
        raise HttpError(409, f"There is an asset named {error} already: give another name.") from error
    kept = queries.credential_of(request.auth.org, made.asset_id)
    answer = RepositoryOut(asset=made.asset_id, url=made.url, branch=made.branch, token=kept.digest if kept else "")
    return Status(201, answer)
