"""An owner whom no mail reaches any more: the organization's other owners are told, once for each time."""

from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from vallum_web.accounts.models import Membership, User
from vallum_web.mail import queries as mails
from vallum_web.mail import services as outbox
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient, digest
from vallum_web.tenancy import clock, lookups
from vallum_web.tenancy.lookups import MyOrg
from vallum_web.tenancy.scope import person, scope

LOOKS_BACK = timedelta(days=2)
"""Longer than this job can stand still without being noticed: what was told already is not told again."""


def tell_others() -> None:
    for who, whom, at in mails.came_back(clock.now() - LOOKS_BACK):
        user = User.objects.filter(pk=who, is_active=True).first()
        if user is None or digest(user.email) != whom:
            continue  # it was their address, and is no more
        with person(who):
            places = lookups.my_orgs()
        for place in places:
            if place.role == Membership.Role.OWNER:
                _tell(place, user, at)


def _tell(place: MyOrg, gone: User, at: datetime) -> None:
    link = settings.PUBLIC_URL.rstrip("/") + reverse("accounts:settings", args=[place.slug])
    who = f"{gone.name} ({gone.email})" if gone.name else gone.email
    said = letter("owner_unreachable", who=who, org=place.name, link=link)
    with scope(place.id):
        owners = Membership.objects.filter(org=place.id, role=Membership.Role.OWNER, user__is_active=True)
        for row in owners.exclude(user=gone).select_related("user"):
            once = _once(place.id, gone.pk, row.user_id, at)
            to = Recipient(address=row.user.email, person=row.user_id)
            outbox.tell(kind="security", to=to, letter=said, org=place.id, once=once)


def _once(org: UUID, gone: UUID, told: UUID, at: datetime) -> str:
    same = f"{org} {gone} {told} {at.isoformat()}"
    return f"unreachable:{blake2b(same.encode(), digest_size=16).hexdigest()}"
