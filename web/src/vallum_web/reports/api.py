"""Exports over the API: asked for, looked after, and read in ranges."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import Http404, HttpResponseBase
from ninja import Query, Schema, Status
from ninja.errors import HttpError
from pydantic import ConfigDict, Field

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.findings.parameters import narrowed
from vallum_web.reports import queries, services, serving
from vallum_web.reports.models import Export, Part
from vallum_web.tenancy.parameters import After
from vallum_web.tenancy.texts import Storable

router = TenantRouter(tags=["exports"], holds=Export)
CONFLICT = 409


class PartOut(Schema):
    number: int
    rows: int
    size: int
    sha256: str


class ExportOut(Schema):
    id: UUID
    format: str
    query: str
    """As it was understood: what is as usual is left out."""
    filters: str
    """The same in words."""
    status: str
    held_until: datetime | None
    """It waits because it is unusual: somebody of the organization may stop it until then, or let it go."""
    by: UUID
    asked_at: datetime
    finished_at: datetime | None
    expires_at: datetime
    total: int | None
    rows: int
    size: int
    note: str
    """What is not in it, and why."""
    failure: str
    parts: list[PartOut]
    """The file is these, one behind the other: a range of bytes may ask for each."""
    content_url: str


class ExportPage(Schema):
    items: list[ExportOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


class ExportIn(Schema):
    model_config = ConfigDict(extra="forbid")

    format: Literal["csv", "json", "ndjson", "sarif", "cyclonedx", "openvex", "html", "pdf"]
    query: Storable = Field(default="", max_length=2000)
    """Parameters of `GET /api/v1/findings`, as its address has them."""


@router.post("", response={202: ExportOut}, summary="Export the findings that a query leaves")
@permits("findings.export")
def export_make(request: TokenRequest, body: ExportIn) -> Status[ExportOut]:
    """It is written in the background; ask for it until its `status` is `done`. It is kept for 7 days."""
    try:
        row = services.ask(
            request.auth.org,
            request.auth.by,
            form=body.format,
            filters=narrowed(body.query),
            via=request.auth.pk,
        )
    except services.NotOfThisListError as error:
        raise HttpError(422, str(error)) from error
    return Status(202, _out(request, row, []))


@router.get("", response=ExportPage, summary="Exports, the newest first")
@permits("findings.export")
def exports_list(request: TokenRequest, place: Query[After]) -> ExportPage:
    page = queries.page(request.auth.org, after=place.after)
    parts = queries.of_each(request.auth.org, page.rows)
    told = queries.told(request.auth.org, page.rows)
    items = [_told(row, told[row.pk], parts.get(row.pk, [])) for row in page.rows]
    return ExportPage(items=items, after=page.next or "")


@router.get("/{export_id}", response=ExportOut, summary="How far an export is")
@permits("findings.export")
def export_get(request: TokenRequest, export_id: UUID) -> ExportOut:
    row = _found(request, export_id)
    return _out(request, row, queries.parts(request.auth.org, row.pk))


@router.get(
    "/{export_id}/content",
    summary="The file of an export",
    openapi_extra={
        "responses": {
            200: {"description": "The file", "content": {"application/octet-stream": {"schema": {"type": "string"}}}},
            206: {
                "description": "The bytes asked for",
                "content": {"application/octet-stream": {"schema": {"type": "string"}}},
            },
        }
    },
)
@permits("findings.export")
def export_content(request: TokenRequest, export_id: UUID) -> HttpResponseBase:
    """`Range` and `If-Range` work as for any file; 409 while it is not done."""
    row = _found(request, export_id)
    if row.status != Export.Status.DONE:
        raise HttpError(CONFLICT, f"This export is {row.status}: its file is there when its status is done.")
    services.downloaded(request.auth.org, row, request.auth.by, asked=request.headers.get("Range", "")[:60])
    return serving.answer(request, row, queries.parts(request.auth.org, row.pk))


@router.delete("/{export_id}", response={204: None}, summary="Delete an export and its file")
@permits("findings.export")
def export_delete(request: TokenRequest, export_id: UUID) -> Status[None]:
    try:
        services.delete(request.auth.org, export_id, request.auth.by)
    except Export.DoesNotExist:
        raise Http404 from None
    return Status(204, None)


def _found(request: TokenRequest, key: UUID) -> Export:
    try:
        return queries.export(request.auth.org, key)
    except Export.DoesNotExist:
        raise Http404 from None


def _out(request: TokenRequest, row: Export, parts: list[Part]) -> ExportOut:
    return _told(row, queries.told(request.auth.org, [row])[row.pk], parts)


def _told(row: Export, filters: str, parts: list[Part]) -> ExportOut:
    return ExportOut(
        id=row.pk,
        format=row.format,
        query=row.query,
        filters=filters,
        status=row.status,
        held_until=row.held_until,
        by=row.by,
        asked_at=row.asked_at,
        finished_at=row.finished_at,
        expires_at=row.expires_at,
        total=row.total,
        rows=row.rows,
        size=row.size,
        note=row.note,
        failure=row.failure,
        parts=[PartOut(number=p.number, rows=p.rows, size=p.size, sha256=p.digest) for p in parts],
        content_url=f"/api/v1/exports/{row.pk}/content",
    )
