"""API tokens over the API."""

from datetime import datetime
from uuid import UUID

from django.http import Http404
from ninja import Query, Schema, Status
from pydantic import ConfigDict, Field

from vallum_web.accounts import queries, tokens
from vallum_web.accounts.access import MANAGERS, Role, TenantRouter, TokenRequest, allow
from vallum_web.tenancy import keyset
from vallum_web.tenancy.texts import OneLine

router = TenantRouter(tags=["tokens"])


class TokenOut(Schema):
    id: UUID
    name: str
    start: str
    role: str
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
    days: int = Field(default=90, ge=1, le=365)


class TokenPage(Schema):
    items: list[TokenOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


class Place(Schema):
    after: str = ""


@router.get("", response=TokenPage, summary="The organization's tokens, newest first; never their text")
def tokens_list(request: TokenRequest, place: Query[Place]) -> TokenPage:
    page = keyset.page([queries.tokens(request.auth.org)], keyset.Order(), after=place.after)
    return TokenPage(items=[TokenOut.from_orm(token) for token in page.rows], after=page.next or "")


@router.post("", response={201: TokenMade}, summary="Make a token; its text is in this answer and nowhere else")
def token_make(request: TokenRequest, body: TokenIn) -> Status[TokenMade]:
    allow(request, MANAGERS)
    allow(request, tokens.at_least(body.role))
    maker = queries.user(request.auth.by)
    token, text = tokens.make(request.auth.org, maker, name=body.name, role=body.role, days=body.days)
    return Status(201, TokenMade(**TokenOut.from_orm(token).dict(), token=text))


@router.delete("/{token_id}", response={204: None}, summary="Revoke a token; it stops working at once")
def token_revoke(request: TokenRequest, token_id: UUID) -> Status[None]:
    token = queries.tokens(request.auth.org).filter(pk=token_id).first()
    if token is None:
        raise Http404
    if token.pk != request.auth.pk:
        allow(request, MANAGERS)
    tokens.revoke(token)
    return Status(204, None)
