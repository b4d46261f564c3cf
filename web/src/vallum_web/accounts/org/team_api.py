"""An organization's teams over the API: whom a finding or an asset can be given to."""

from uuid import UUID

from ninja import Query, Schema

from vallum_web.accounts import queries
from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.tenancy import keyset
from vallum_web.tenancy.parameters import After

router = TenantRouter(tags=["teams"])


class TeamOut(Schema):
    id: UUID
    name: str


class TeamPage(Schema):
    items: list[TeamOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


@router.get("", response=TeamPage, summary="Teams, the newest first")
@permits("org.read")
def teams_list(request: TokenRequest, place: Query[After]) -> TeamPage:
    page = keyset.page([queries.teams(request.auth.org)], keyset.Order(), after=place.after)
    return TeamPage(items=[TeamOut.from_orm(team) for team in page.rows], after=page.next or "")
