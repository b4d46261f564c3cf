"""Saved views over the API. A token speaks for who made it."""

from typing import Annotated
from uuid import UUID

from django.http import Http404
from ninja import Schema, Status
from ninja.errors import HttpError
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.findings import queries, services
from vallum_web.findings.models import View
from vallum_web.findings.parameters import narrowed
from vallum_web.tenancy.texts import Storable, one_line

router = TenantRouter(tags=["findings"], holds=View)


class ViewIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), AfterValidator(one_line)
    ]
    query: Storable = Field(default="", max_length=2000)
    """The worklist's filters, as its address has them (`severity=critical&assignee=me`); `me` is whoever looks."""


class ViewOut(Schema):
    id: UUID
    name: str
    query: str
    """As it is understood: what is as usual is left out."""
    by: UUID
    shared: bool


class ViewList(Schema):
    items: list[ViewOut]


@router.get("", response=ViewList, summary="Saved views: one's own, and those that are shared")
@permits("findings.read")
def views_list(request: TokenRequest) -> ViewList:
    return ViewList(items=[ViewOut.from_orm(view) for view in queries.views(request.auth.org, request.auth.by)])


@router.post("", response={201: ViewOut}, summary="Keep filters of the worklist under a name, for oneself")
@permits("findings.read")
def view_make(request: TokenRequest, body: ViewIn) -> Status[ViewOut]:
    return Status(201, _saved(request, body, shared=False))


@router.post("/shared", response={201: ViewOut}, summary="Keep filters under a name for the whole organization")
@permits("views.share")
def view_share(request: TokenRequest, body: ViewIn) -> Status[ViewOut]:
    return Status(201, _saved(request, body, shared=True))


@router.delete("/shared/{shared_id}", response={204: None}, summary="Delete a view that somebody shares")
@permits("views.delete")
def view_delete_shared(request: TokenRequest, shared_id: UUID) -> Status[None]:
    try:
        services.delete_shared_view(request.auth.org, shared_id, request.auth.by)
    except View.DoesNotExist:
        raise Http404 from None
    return Status(204, None)


@router.get("/{view_id}", response=ViewOut, summary="One view: one's own, or one that is shared")
@permits("findings.read")
def view_get(request: TokenRequest, view_id: UUID) -> ViewOut:
    for view in queries.views(request.auth.org, request.auth.by):
        if view.pk == view_id:
            return ViewOut.from_orm(view)
    raise Http404


@router.delete("/{view_id}", response={204: None}, summary="Delete one's own view")
@permits("findings.read")
def view_delete(request: TokenRequest, view_id: UUID) -> Status[None]:
    try:
        services.delete_view(request.auth.org, view_id, request.auth.by)
    except View.DoesNotExist:
        raise Http404 from None
    return Status(204, None)


def _saved(request: TokenRequest, body: ViewIn, *, shared: bool) -> ViewOut:
    filters = narrowed(body.query)
    try:
        view = services.save_view(request.auth.org, request.auth.by, body.name, filters, shared=shared)
    except services.ViewRefusedError as error:
        raise HttpError(422, str(error)) from error
    return ViewOut.from_orm(view)
