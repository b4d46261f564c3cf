"""A plan has ended, and its findings are kept as it kept them for 14 days: who can do something about it is told what goes then."""

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Membership
from vallum_web.findings.services import expiring
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock, entitlements, plans
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.retention import windows
from vallum_web.tenancy.scope import scope

TOLD: Final = (timedelta(days=14), timedelta(days=7), timedelta(days=1))
"""So long before. The first comes in any case, the others where something goes."""
KIND: Final = "billing"


def tell(org: UUID) -> int:
    """How many people were told now, or had been told the same already."""
    with scope(org):
        found = Org.objects.filter(pk=org).first()
        coming = plans.shrinks(entitlements.given(found), clock.now()) if found else None
        if found is None or coming is None:
            return 0
        at, window = coming
        chosen = windows.chosen(found)
        days, kept = windows.bounded(window, chosen), windows.kept(found).days
        ahead = min(each for each in TOLD if clock.now() >= at - each)
        goes = expiring.due_within(org, at - timedelta(days=days))
        if days >= kept or (ahead != TOLD[0] and not goes):
            return 0
        return _tell(found, at, ahead, {"kept": kept, "days": days, "count": goes})


def _tell(org: Org, at: datetime, ahead: timedelta, facts: dict[str, int]) -> int:
    links = {
        "link": settings.PUBLIC_URL + reverse("privacy_org:index", args=[org.slug]),
        "day": f"{at:%Y-%m-%d}",
        "org": org.name,
    }
    said = letter("window_shrinks", **links, **facts)
    people = Membership.objects.of(org).filter(role__in=[Role.OWNER, Role.ADMIN]).select_related("user")
    for row in people.order_by("since", "id"):
        once = _once(org.pk, row.user_id, at, ahead)
        to = Recipient(address=row.user.email, person=row.user_id)
        mails.tell(kind=KIND, to=to, letter=said, org=org.pk, once=once)
    return len(people)


def _once(org: UUID, who: UUID, at: datetime, ahead: timedelta) -> str:
    same = f"{org} {who} {at.isoformat()} {ahead.days}"
    return f"shrinks:{blake2b(same.encode(), digest_size=16).hexdigest()}"
