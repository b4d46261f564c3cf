from uuid import UUID

from django.http import Http404
from ninja import Schema, Status
from ninja.errors import HttpError
from pydantic import ConfigDict, Field, SecretStr

from vallum_guard.errors import GuardError
from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.assets.models import Asset
from vallum_web.assets.services import NameTakenError
from vallum_web.repositories import queries, services
from vallum_web.repositories.models import Repository
from vallum_web.repositories.userinfo import apart, credential
from vallum_web.tenancy.texts import OneLine

router = TenantRouter(tags=["repositories"], holds=Asset)


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


class CredentialIn(Schema):
    model_config = ConfigDict(extra="forbid")

    token: SecretStr = Field(
        min_length=1,
        max_length=4000,
        description="One that may read this repository and nothing else. Sealed, given to git alone, and in no answer.",
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
    return Status(201, _out(request, made))


@router.get("/{asset_id}", response=RepositoryOut, summary="Where an asset's code is cloned from")
@permits("findings.read")
def repository_get(request: TokenRequest, asset_id: UUID) -> RepositoryOut:
    return _out(request, _cloned(request, asset_id))


@router.put("/{asset_id}/token", response=RepositoryOut, summary="Give the token of a private repository, or another")
@permits("assets.credential")
def repository_open(request: TokenRequest, asset_id: UUID, body: CredentialIn) -> RepositoryOut:
    repository = _cloned(request, asset_id)
    try:
        given = credential(body.user, body.token.get_secret_value())
    except GuardError as error:
        raise HttpError(422, str(error)) from error
    if given is None:
        raise HttpError(422, "Send a token; DELETE forgets the one that is kept.")
    services.set_credential(request.auth.org, request.auth.by, asset=asset_id, credential=given)
    return _out(request, repository)


@router.delete(
    "/{asset_id}/token", response=RepositoryOut, summary="Forget the token: cloned as a public one from then on"
)
@permits("assets.credential")
def repository_close(request: TokenRequest, asset_id: UUID) -> RepositoryOut:
    repository = _cloned(request, asset_id)
    services.remove_credential(request.auth.org, request.auth.by, asset=asset_id)
    return _out(request, repository)


def _cloned(request: TokenRequest, key: UUID) -> Repository:
    found = queries.of_asset(request.auth.org, key)
    if found is None or not found.url:
        raise Http404
    return found


def _out(request: TokenRequest, row: Repository) -> RepositoryOut:
    kept = queries.credential_of(request.auth.org, row.asset_id)
    return RepositoryOut(asset=row.asset_id, url=row.url, branch=row.branch, token=kept.digest if kept else "")
