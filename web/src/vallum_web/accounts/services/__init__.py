"""Writes about people and organizations: one verb, one transaction, one event."""

from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress, EmailConfirmation
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction

from vallum_web.accounts.models import Membership, User
from vallum_web.accounts.person import sessions
from vallum_web.accounts.scim import links
from vallum_web.tenancy import clock, entitlements
from vallum_web.tenancy.entitlements import hold
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Entitlement, Org
from vallum_web.tenancy.plans import Given, What
from vallum_web.tenancy.scope import scope


class SlugTakenError(ValueError):
    """Another organization got the address first."""


def found(name: str, slug: str, owner: User) -> Org:
    """Create an organization with its first owner. Raises SlugTakenError when two ask for one address at once."""
    key = uuid7()
    try:
        with scope(key, user=owner.pk):
            org = Org.objects.create(pk=key, name=name, slug=slug)
            Membership.objects.create(org=org, user=owner, role=Membership.Role.OWNER)
            emit("org.founded", key, name=name, slug=slug)
            return org
    except IntegrityError as error:
        raise SlugTakenError(slug) from error


class AlreadyMemberError(ValueError):
    """The person belongs to the organization already."""


def join(org: Org, user: User, role: str, *, how: str = "added", by: UUID | None = None) -> Membership:
    """Make the person a member. Raises AlreadyMemberError, PlanFullError.

    Whoever joins holds the organization's row meanwhile: two that ask for the last seat at once are counted one after
    the other.
    """
    try:
        with scope(org.pk, user=by):
            held = hold(org)
            entitlements.admit(held, What.MEMBERS, Membership.objects.of(org).count)
            membership: Membership = Membership.objects.create(org=org, user=user, role=role)
            emit("member.joined", user.pk, role=role, how=how)
            links.joined(membership)
            return membership
    except IntegrityError as error:
        raise AlreadyMemberError(user.email) from error


def set_plan(org: Org, plan: str, seats: int | None, *, until: datetime | None = None, grace: bool = False) -> None:
    """For the operator: what the organization has anyway, or with `until` for a time beside that. Who is a member stays one.

    `grace`: after a larger plan, findings stay as long as it kept them for 14 days more.
    """
    if until is None:
        org.plan, org.seats = plan, seats
        entitlements.settle(org, grace=grace)
    else:
        entitlements.give(org, Given(source=Entitlement.Source.GRANT, plan=plan, seats=seats, until=until))


def set_theme(user: User, theme: str) -> None:
    User.objects.filter(pk=user.pk).update(theme=theme)


def first_owner(email: str, password: str, *, name: str, slug: str) -> User:
    """A person whose address is taken as their own, with an organization: for the operator's command line."""
    with transaction.atomic():
        user = _verified(email, password)
        found(name, slug, user)
        return user


def new_member(org: Org, email: str, password: str, role: Membership.Role) -> User:
    """A person whose address is taken as their own, in an organization there is: for the operator's command line."""
    with transaction.atomic():
        user = _verified(email, password)
        join(org, user, role)
        return user


def _verified(email: str, password: str) -> User:
    user = User.objects.create_user(email, password)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


OVER = timedelta()
"""They are forgotten when they are over, and not later."""


def prune() -> int:
    """Forget sessions and confirmations that are over."""
    gone: int = Session.objects.filter(expire_date__lt=clock.now()).delete()[0]
    gone += sessions.prune()
    EmailConfirmation.objects.delete_expired_confirmations()
    return gone
