"""The audit log over the API: the page's own filters and order."""

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ninja import Query, Schema
from pydantic import Field

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.accounts.audit import listing, queries
from vallum_web.accounts.audit.filters import PATTERN_OF_KIND, Filters
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.parameters import After

router = TenantRouter(tags=["audit"])
EXAMPLE = "01890a5d-ac96-774b-bcce-b302099a8057"


class IdentityOut(Schema):
    """The actor as they were then."""

    name: str
    email: str
    address: str
    agent: str
    request: str


class EntryOut(Schema):
    seq: int
    id: UUID
    at: datetime
    kind: str
    what: str
    """The kind in words."""
    subject: UUID
    actor: UUID | None
    actor_kind: str
    via: UUID | None
    """The token that it was done with."""
    facts: dict[str, Any]
    identity: IdentityOut | None
    """Empty where it is erased, or where nobody did it."""
    sealed_sha256: str
    previous: str
    hash: str


class EntryPage(Schema):
    items: list[EntryOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


class AuditWanted(After):
    """What the log is narrowed to. Days are whole ones, in UTC."""

    kind: str = Field(
        "",
        pattern=f"^{PATTERN_OF_KIND}$",
        description="A whole kind, or the family that stands before its full stop.",
        examples=["token"],
    )
    actor: UUID | None = Field(None, description="Who did it.", examples=[EXAMPLE])
    token: UUID | None = Field(None, description="The token that it was done with.", examples=[EXAMPLE])
    subject: UUID | None = Field(None, description="What it was done to.", examples=[EXAMPLE])
    since: date | None = Field(None, alias="from", description="The first day.", examples=["2026-11-01"])
    until: date | None = Field(None, alias="to", description="The last day.", examples=["2026-11-30"])


@router.get("", response=EntryPage, summary="The audit log, the newest entry first, filtered as on its page")
@permits("audit.read")
def audit_list(request: TokenRequest, wanted: Query[AuditWanted]) -> EntryPage:
    page = queries.page(request.auth.org, Filters.parse(request.GET), after=wanted.after)
    lines = listing.lines(request.auth.org, page.rows, listing.NOBODY)
    return EntryPage(items=[_out(row, line) for row, line in zip(page.rows, lines, strict=True)], after=page.next or "")


def _out(row: Entry, line: listing.Line) -> EntryOut:
    return EntryOut(
        seq=row.seq,
        id=row.pk,
        at=row.at,
        kind=row.kind,
        what=line.what,
        subject=row.subject,
        actor=row.actor,
        actor_kind=row.actor_kind,
        via=row.via,
        facts=json.loads(row.facts),
        identity=IdentityOut.from_orm(line.identity) if line.identity else None,
        sealed_sha256=bytes(row.sealed_sha256).hex(),
        previous=bytes(row.previous).hex(),
        hash=bytes(row.hash).hex(),
    )
