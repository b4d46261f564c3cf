"""The audit log over the API: the page's own filters and order."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.accounts.audit import listing, queries
from vallum_web.accounts.audit.filters import Filters
from vallum_web.tenancy.audit.models import Entry

router = TenantRouter(tags=["audit"])


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


@router.get("", response=EntryPage, summary="The audit log, the newest entry first, filtered as on its page")
@permits("audit.read")
def audit_list(request: TokenRequest) -> EntryPage:
    """Query: `kind` (whole, or what stands before its full stop), `actor`, `token`, `subject`, `from`, `to`, `after`."""
    page = queries.page(request.auth.org, Filters.parse(request.GET), after=request.GET.get("after", ""))
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
