"""One action on many findings over the API."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404
from ninja import Schema, Status
from ninja.errors import HttpError
from pydantic import ConfigDict, Field

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.findings import queries, services
from vallum_web.findings.api import AssignIn, SuppressIn
from vallum_web.findings.models import Bulk
from vallum_web.findings.parameters import narrowed
from vallum_web.tenancy.texts import Storable

router = TenantRouter(tags=["findings"], holds=Bulk)


class BulkIn(Schema):
    """Either `findings` or `query`, as the worklist's address has it (`severity=critical&kind=secret`)."""

    model_config = ConfigDict(extra="forbid")

    findings: list[UUID] = Field(default_factory=list, max_length=1000)
    query: Storable = Field(default="", max_length=2000)
    suppress: SuppressIn | None = None
    assign: AssignIn | None = None
    lift: bool = False


class BulkOut(Schema):
    id: UUID
    verb: str
    status: str
    total: int
    seen: int
    touched: int
    made_at: datetime
    finished_at: datetime | None
    failure: str


@router.post("", response={202: BulkOut}, summary="Suppress, assign or lift many findings; a job where they are many")
@permits("findings.decide")
def bulk_make(request: TokenRequest, body: BulkIn) -> Status[BulkOut]:
    verb, arguments = _asked(body)
    if bool(body.findings) == bool(body.query):
        raise HttpError(422, "Name findings, or a query that they match: one of the two.")
    narrowed(body.query)
    try:
        begun = services.begin_bulk(
            request.auth.org, request.auth.by, verb, arguments=arguments, keys=body.findings, query=body.query
        )
    except ValueError as error:
        raise HttpError(422, str(error)) from error
    return Status(202, BulkOut.from_orm(begun))


@router.get("/{bulk_id}", response=BulkOut, summary="How far an action on many findings is")
@permits("findings.read")
def bulk_get(request: TokenRequest, bulk_id: UUID) -> BulkOut:
    try:
        return BulkOut.from_orm(queries.bulk(request.auth.org, bulk_id))
    except Bulk.DoesNotExist:
        raise Http404 from None


@router.post("/{bulk_id}/undo", response={202: BulkOut}, summary="Take back what an action hid")
@permits("findings.decide")
def bulk_undo(request: TokenRequest, bulk_id: UUID) -> Status[BulkOut]:
    try:
        return Status(202, BulkOut.from_orm(services.undo_bulk(request.auth.org, bulk_id, request.auth.by)))
    except Bulk.DoesNotExist:
        raise Http404 from None


def _asked(body: BulkIn) -> tuple[Bulk.Verb, dict[str, str | None]]:
    asked: list[tuple[Bulk.Verb, dict[str, Any]]] = []
    if body.suppress:
        asked.append((Bulk.Verb.SUPPRESS, body.suppress.model_dump(mode="json")))
    if body.assign:
        asked.append((Bulk.Verb.ASSIGN, body.assign.model_dump(mode="json")))
    if body.lift:
        asked.append((Bulk.Verb.LIFT, {}))
    if len(asked) != 1:
        raise HttpError(422, "Say one thing to do: suppress, assign or lift.")
    return asked[0]
