"""The daily run: forget who came back, warn who is near, delete who was warned three times."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Membership, User
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.privacy.erasure import queries as deletions
from vallum_web.privacy.erasure import services as erasure
from vallum_web.privacy.inactivity import queries
from vallum_web.privacy.inactivity.models import Idle
from vallum_web.tenancy import clock, entitlements
from vallum_web.tenancy.lookups import MyOrg
from vallum_web.tenancy.models import Entitlement, Org
from vallum_web.tenancy.scope import scope

WARNED: Final = (timedelta(days=60), timedelta(days=30), timedelta(days=7))
KIND: Final = "deletion"
BOUGHT: Final = frozenset({Entitlement.Source.STRIPE, Entitlement.Source.RAZORPAY})


def run() -> None:
    """Where there is no rule, nobody is warned, and what was noted is forgotten: switched on again, it begins anew."""
    allowed = queries.allowed()
    if allowed is None:
        Idle.objects.all().delete()
        return
    _forget_who_came_back()
    for user in queries.unused_since(clock.now() - allowed + WARNED[0]).iterator():
        used = queries.last_used(user)
        if clock.now() >= used + allowed - WARNED[0]:
            _go_on(user, used, used + allowed)


def _forget_who_came_back() -> None:
    for row in Idle.objects.all():
        user = User.objects.filter(pk=row.person).first()
        if user is None or queries.last_used(user) > row.used_at:
            row.delete()


def _go_on(user: User, used: datetime, due: datetime) -> None:
    """One step a day at most. However long this job stood still, there are sixty days from the first warning and seven from the last."""
    now = clock.now()
    with transaction.atomic():
        values = {"used_at": used, "due_at": max(due, now + WARNED[0])}
        row = Idle.objects.select_for_update().get_or_create(person=user.pk, defaults=values)[0]
        if row.told < len(WARNED):
            if now >= row.due_at - WARNED[row.told]:
                _warn(user, row)
            return
    if now >= row.due_at:
        _end(user, row)


def _warn(user: User, row: Idle) -> None:
    now = clock.now()
    row.told, row.told_at = row.told + 1, now
    if row.told == len(WARNED):
        row.due_at = max(row.due_at, now + WARNED[-1])
    row.save(update_fields=["told", "told_at", "due_at"])
    link = settings.PUBLIC_URL + reverse("account_login")
    kept = ", ".join(org.name for org in _kept(user))
    said = letter("account_unused", since=f"{row.used_at:%Y-%m-%d}", day=f"{row.due_at:%Y-%m-%d}", kept=kept, link=link)
    mails.tell(kind=KIND, to=Recipient(address=user.email, person=user.pk), letter=said)
    for org in _with_others(user):
        _tell_org(org, user, row)


def _end(user: User, row: Idle) -> None:
    """An organization of theirs alone goes with them. One that is paid for, or has other members, keeps both: they were told so."""
    if _kept(user):
        if not row.waits:
            Idle.objects.filter(pk=row.pk).update(waits=True)
            for org in _with_others(user):
                _tell_org(org, user, row)
        return
    unused = (clock.now() - row.used_at).days
    for org in deletions.owned_alone(user):
        with scope(org.id):
            found = Org.objects.get(pk=org.id)
        erasure.ask_for_org(found, user, unused=unused)
    erasure.ask_for_person(user, unused=unused)
    Idle.objects.filter(pk=row.pk).delete()


def _kept(user: User) -> list[MyOrg]:
    """Organizations that would be left without an owner, and do not go with this one: others work there, or somebody pays."""
    return [org for org in deletions.owned_alone(user) if deletions.has_others(org.id, user) or _is_paid(org.id)]


def _with_others(user: User) -> list[MyOrg]:
    return [org for org in deletions.owned_alone(user) if deletions.has_others(org.id, user)]


def _is_paid(org: UUID) -> bool:
    """By a subscription: what an installation gives to everybody is no sign of somebody who wants it."""
    with scope(org):
        given = entitlements.given(Org.objects.get(pk=org))
    now = clock.now()
    return any(row.source in BOUGHT and (row.until is None or now < row.until) for row in given)


def _tell_org(org: MyOrg, user: User, row: Idle) -> None:
    """Its admins; where there is none, all other members."""
    with scope(org.id):
        others = Membership.objects.of(org.id).exclude(user=user).select_related("user").order_by("since", "id")
        told = list(others.filter(role=Role.ADMIN)) or list(others)
        said = letter(
            "owner_unused",
            who=f"{user.name} ({user.email})" if user.name else user.email,
            org=org.name,
            day=f"{row.due_at:%Y-%m-%d}",
            link=settings.PUBLIC_URL + reverse("accounts:settings", args=[org.slug]),
        )
        for member in told:
            to = Recipient(address=member.user.email, person=member.user_id)
            mails.tell(kind="security", to=to, letter=said, org=org.id)
