"""Operators, and the hour they may break open: asked for with a reason, told to the owners at once, ended by anybody who minds."""

from datetime import timedelta
from uuid import UUID

from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction
from django.db.models import F

from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Membership, Operator, StaffAccess, User
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock, lookups, tombstones
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import person, scope

LASTS = timedelta(hours=1)


class NoAccessError(ValueError):
    """Access was not opened; the message says what is missing."""


def add_operator(user: User) -> bool:
    with transaction.atomic():
        return Operator.objects.get_or_create(user=user)[1]


def remove_operator(user: User) -> bool:
    """What they had open ends with it: an open access counts only while its person is an operator."""
    with transaction.atomic():
        tombstones.record("operator", user.pk, reason="removed")
        return bool(Operator.objects.filter(user=user).delete()[0])


def is_operator(user: User) -> bool:
    return Operator.objects.filter(user=user.pk).exists()


def begin(slug: str, user: User, reason: str, *, request: UUID | None = None, silent: bool = False) -> Org:
    """Open an organization for an hour. `silent`: its members are told later (`tell_of_silent`). Raises NoAccessError.

    What is looked at for one request of an authority is never told with another: whatever else this person has open there ends.
    """
    if not is_operator(user):
        raise NoAccessError("Only operators may do this.")
    if not is_mfa_enabled(user):
        raise NoAccessError("Operators sign in with a second step: set one up under Your account first.")
    with person(user.pk):
        key = lookups.org_with(slug)
    if key is None:
        raise NoAccessError(f"There is no organization at /{slug}/.")
    with scope(key, user=user.pk):
        org: Org = Org.objects.select_for_update(no_key=True).get(pk=key)
        if Membership.objects.of(org).filter(user=user).exists():
            raise NoAccessError("You are a member there: you need no staff access.")
        _end_over(org)
        if StaffAccess.objects.of(org).filter(person=user.pk, ended_at=None, request=request).exists():
            return org
        _end_mine(org, user)
        access = StaffAccess.objects.create(
            org=org,
            person=user.pk,
            reason=reason,
            began_at=clock.now(),
            ends_at=clock.now() + LASTS,
            request=request,
            silent=silent,
        )
        if not silent:
            emit("staff.began", access.pk, reason=reason)
            _tell_owners(org, reason)
        return org


def _tell_owners(org: Org, reason: str) -> None:
    owners = Membership.objects.of(org).filter(role=Role.OWNER).order_by("since")
    said = letter("staff_access", name=org.name, reason=reason)
    for owner, address in owners.values_list("user_id", "user__email"):
        mails.queue(kind="security", to=Recipient(address=address, person=owner), letter=said, org=org.pk)


def tell_of_silent(org: Org, request: UUID) -> int:
    """Inside the scope, when nothing forbids it any more: each access and each page stands in the audit log, with when it was.

    Of this request alone: of another's nobody may know yet.
    """
    mine = StaffAccess.objects.of(org).filter(silent=True, request=request)
    rows = list(mine.select_for_update().order_by("began_at"))
    for row in rows:
        there = User.objects.filter(pk=row.person).exists()
        with scope(org.pk, user=row.person if there else None):
            emit("staff.began", row.pk, reason=row.reason, began=row.began_at.isoformat(timespec="seconds"))
            for at, page in row.owed:
                emit("staff.viewed", row.pk, page=page, looked=at)
        row.silent, row.owed = False, []
        row.save(update_fields=["silent", "owed"])
        _tell_owners(org, row.reason)
    return len(rows)


def note(org: UUID, access: UUID, page: str) -> None:
    """Inside the scope: one page that an operator looked at. Written before it is shown, or it is not shown."""
    opened = StaffAccess.objects.of(org).select_for_update().get(pk=access)
    opened.pages += 1
    if opened.silent:
        opened.owed = [*opened.owed, [clock.now().isoformat(timespec="seconds"), page]]
    opened.save(update_fields=["pages", "owed"])
    if not opened.silent:
        emit("staff.viewed", access, page=page)


def end(org: Org, key: UUID, by: UUID) -> bool:
    with scope(org.pk, user=by):
        opened = StaffAccess.objects.of(org).filter(pk=key, ended_at=None)
        done = bool(opened.update(ended_at=clock.now(), ended_by=by))
        if done:
            emit("staff.ended", key)
        return done


def _end_mine(org: Org, user: User) -> None:
    for row in StaffAccess.objects.of(org).filter(person=user.pk, ended_at=None):
        row.ended_at, row.ended_by = clock.now(), user.pk
        row.save(update_fields=["ended_at", "ended_by"])
        if not row.silent:
            emit("staff.ended", row.pk)


def _end_over(org: Org) -> None:
    over = StaffAccess.objects.of(org).filter(ended_at=None, ends_at__lte=clock.now())
    over.update(ended_at=F("ends_at"))
