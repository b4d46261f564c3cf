"""What an organization decided about its provider, and what it told the provider no about."""

from uuid import UUID

from vallum_web.accounts.models import ApiToken, Provisioning
from vallum_web.accounts.scim import mapping
from vallum_web.accounts.scim.errors import Suspended
from vallum_web.accounts.suspensions import door as suspensions
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

_SHOWN = 200


def settle(org: Org, by: UUID, *, default_role: str, roles_count: bool) -> None:
    """What newcomers are, and whether the provider's word counts for it; who is here already stays what they are."""
    with scope(org.pk, user=by):
        Provisioning.objects.update_or_create(
            org=org, defaults={"default_role": default_role, "roles_count": roles_count}
        )
        emit("scim.settled", org.pk, role=default_role, roles_count=roles_count)


def demand_working(token: ApiToken) -> None:
    """Raises Suspended."""
    try:
        suspensions.demand(token.org_id, token.by)
    except suspensions.SuspendedError:
        raise Suspended(
            detail="The organization, or whoever made this token, is suspended: users can be read, deactivated and deleted."
        ) from None


def refused(token: ApiToken, detail: str) -> None:
    """In a transaction of its own: that of the refused change is gone."""
    with scope(token.org_id, user=token.by):
        Provisioning.objects.update_or_create(
            org=token.org, defaults={"refused": mapping.fit(detail, _SHOWN), "refused_at": clock.now()}
        )
