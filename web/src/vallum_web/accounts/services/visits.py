"""When a member last looked: kept with the membership and gone with it, for no cookie may tell."""

from datetime import datetime, timedelta

from vallum_web.accounts.models import Membership, User
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

VISIT = timedelta(minutes=30)
"""Who looks again within it is still there."""


def visit(org: Org, user: User) -> datetime | None:
    """Note that a member looks; returns when the visit before this one ended. None at the first, and for who is no member."""
    now = clock.now()
    with scope(org.pk):
        member = Membership.objects.of(org).select_for_update().filter(user=user).first()
        if member is None:
            return None
        if member.looked_at and now - member.looked_at > VISIT:
            member.looked_before = member.looked_at
        member.looked_at = now
        member.save(update_fields=["looked_at", "looked_before"])
        before: datetime | None = member.looked_before
        return before
