"""The egress ledger and its registry over the API."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from ninja import Query, Schema
from pydantic import Field

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.tenancy import egress_queries, egress_registry, keyset
from vallum_web.tenancy.parameters import After
from vallum_web.tenancy.texts import OneLine

router = TenantRouter(tags=["egress"])


class DepartureOut(Schema):
    id: UUID
    at: datetime
    entry: str
    """The registry's; empty for what it did not foresee, which was refused."""
    party: str
    purpose: str
    address: str
    sent: int
    received: int
    ok: bool
    subject: UUID | None


class DeparturePage(Schema):
    items: list[DepartureOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


class Narrowed(After):
    party: OneLine = Field(default="", max_length=253, description="A host's name.", examples=["api.first.org"])
    purpose: OneLine = Field(default="", max_length=40, description="What for.", examples=["clone a repository"])


class PartyOut(Schema):
    id: str
    who: str
    role: str
    purposes: list[str]
    sends: list[str]
    region: str
    why: str
    hosts: list[str]


@router.get("", response=DeparturePage, summary="What left for whom, newest first")
@permits("egress.read")
def departures_list(request: TokenRequest, narrowed: Query[Narrowed]) -> DeparturePage:
    wanted = egress_queries.Wanted(party=narrowed.party.lower(), purpose=narrowed.purpose)
    rows = egress_queries.departures(request.auth.org, wanted)
    page = keyset.page([rows], keyset.Order(), after=narrowed.after)
    return DeparturePage(items=[DepartureOut.from_orm(row) for row in page.rows], after=page.next or "")


@router.get("/parties", response=list[PartyOut], summary="Where anything may go at all")
@permits("egress.read")
def parties_list(request: TokenRequest) -> list[PartyOut]:  # noqa: ARG001 - the framework gives it by this name
    return [PartyOut(**asdict(party)) for party in egress_registry.parties()]
