"""API tokens over the API."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import Http404
from ninja import Query, Schema, Status
from ninja.errors import HttpError
from pydantic import AfterValidator, ConfigDict, Field

from vallum_web.accounts import matrix, queries, tokens
from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import ApiToken
from vallum_web.accounts.networks import network
from vallum_web.tenancy import keyset
from vallum_web.tenancy.parameters import After
from vallum_web.tenancy.texts import OneLine

router = TenantRouter(tags=["tokens"], holds=ApiToken)


def _known(scope: str) -> str:
    if scope not in matrix.actions():
        raise ValueError(f"There is no action {scope}: docs/roles.md lists them.")
    return scope


def _within(token: ApiToken, scopes: list[str]) -> None:
    """A token hands on what it has itself, and no more."""
    beyond = sorted(set(scopes) - set(token.scopes)) if token.scopes else []
    if beyond or (token.scopes and not scopes):
        raise HttpError(403, f"A token makes tokens of its own scopes at most: name some of {', '.join(token.scopes)}.")


class TokenOut(Schema):
    id: UUID
    name: str
    start: str
    kind: str
    role: str
    scopes: list[str]
    networks: list[str]
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class TokenMade(TokenOut):
    token: str


class TokenIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: OneLine = Field(min_length=1, max_length=60)
    role: Role = Role.DEVELOPER
    scopes: list[Annotated[str, AfterValidator(_known)]] = Field(default_factory=list, max_length=40)
    networks: list[Annotated[str, AfterValidator(network)]] = Field(default_factory=list, max_length=20)
    days: int = Field(default=90, ge=1, le=365)


class TokenPage(Schema):
    items: list[TokenOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


@router.get("", response=TokenPage, summary="The organization's tokens, newest first; never their text")
@permits("tokens.read")
def tokens_list(request: TokenRequest, place: Query[After]) -> TokenPage:
    page = keyset.page([queries.tokens(request.auth.org)], keyset.Order(), after=place.after)
    return TokenPage(items=[TokenOut.from_orm(token) for token in page.rows], after=page.next or "")


@router.post("", response={201: TokenMade}, summary="Make a token; its text is in this answer and nowhere else")
@permits("tokens.make", shows_secret=True)
def token_make(request: TokenRequest, body: TokenIn) -> Status[TokenMade]:
    if body.role not in matrix.at_most(request.auth.role):
        raise HttpError(403, f"This token's role is {request.auth.role}: it may not make one of role {body.role}.")
    _within(request.auth, body.scopes)
    maker = queries.user(request.auth.by)
    wanted = tokens.Wanted(**body.dict())
    token, text = tokens.make(request.auth.org, maker, wanted)
    return Status(201, TokenMade(**TokenOut.from_orm(token).dict(), token=text))


@router.get("/{token_id}", response=TokenOut, summary="One token; never its text")
@permits("tokens.read")
def token_get(request: TokenRequest, token_id: UUID) -> TokenOut:
    found = queries.tokens(request.auth.org).filter(pk=token_id).first()
    if found is None:
        raise Http404
    return TokenOut.from_orm(found)


@router.delete("/{token_id}", response={204: None}, summary="Revoke a token; it stops working at once")
@permits("tokens.revoke")
def token_revoke(request: TokenRequest, token_id: UUID) -> Status[None]:
    token = queries.tokens(request.auth.org).filter(pk=token_id).first()
    if token is None:
        raise Http404
    tokens.revoke(token)
    return Status(204, None)
