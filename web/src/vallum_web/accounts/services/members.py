"""Members: their roles, and their leaving. Each verb holds the organization's row, so that two never race to the last owner."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError

from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Membership, User
from vallum_web.accounts.person.sessions import renew_soon
from vallum_web.accounts.services import SlugTakenError
from vallum_web.accounts.standing import keeps_an_owner, may_move
from vallum_web.tenancy import clock, lookups, tombstones
from vallum_web.tenancy.entitlements import hold
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import FormerSlug, Org
from vallum_web.tenancy.scope import scope

SLUG_LEADS_ON = timedelta(days=90)


class RefusedError(ValueError):
    """The change may not be; the message says why and what to do."""


def change_role(org: Org, actor: Membership, key: UUID, role: str) -> Membership:
    """Raises RefusedError, Membership.DoesNotExist."""
    with scope(org.pk, user=actor.user_id):
        hold(org)
        member = _member(org, key)
        if not may_move(_role_now(org, actor), member.role, role):
            raise RefusedError("You may change roles up to your own only: ask an owner.")
        if member.role == role:
            return member
        if member.role == Role.OWNER:
            _keep_an_owner(org, member)
        before, member.role = member.role, role
        member.save(update_fields=["role"])
        renew_soon(member.user_id)
        tombstones.record("role", member.pk, reason="changed", org=org.pk, value=role)
        emit("member.role", member.user_id, before=before, role=role)
        return member


def remove(org: Org, actor: Membership, key: UUID) -> Membership:
    """End somebody's membership: their tokens stop, and the next page they ask for is a stranger's.

    Raises RefusedError, Membership.DoesNotExist.
    """
    with scope(org.pk, user=actor.user_id):
        hold(org)
        member = _member(org, key)
        if not may_move(_role_now(org, actor), member.role, None):
            raise RefusedError("You may remove members of roles up to your own only: ask an owner.")
        end(org, member, how="removed")
        return member


def leave(org: Org, user: User) -> None:
    """Raises RefusedError for the last owner."""
    with scope(org.pk, user=user.pk):
        hold(org)
        end(org, Membership.objects.of(org).get(user=user), how="left")


def end(org: Org, member: Membership, *, how: str) -> None:
    """Inside a scope that holds the organization. Raises RefusedError for the last owner."""
    if member.role == Role.OWNER:
        _keep_an_owner(org, member)
    tombstones.record("member", member.pk, reason=how, org=org.pk)
    member.delete()
    emit("member.removed", member.user_id, how=how, role=member.role)


def transfer(org: Org, owner: Membership, key: UUID) -> Membership:
    """Make another member an owner, and the present one an admin. Raises RefusedError, Membership.DoesNotExist."""
    with scope(org.pk, user=owner.user_id):
        hold(org)
        if _role_now(org, owner) != Role.OWNER:
            raise RefusedError("Only an owner can hand the organization over.")
        heir = _member(org, key)
        if heir.pk == owner.pk:
            raise RefusedError("You own it already: choose somebody else.")
        if not heir.user.is_active:
            raise RefusedError("This person's account is not active: choose somebody else.")
        Membership.objects.of(org).filter(pk=heir.pk).update(role=Role.OWNER)
        Membership.objects.of(org).filter(pk=owner.pk).update(role=Role.ADMIN)
        for member, role in ((heir, Role.OWNER), (owner, Role.ADMIN)):
            tombstones.record("role", member.pk, reason="transferred", org=org.pk, value=role.value)
            renew_soon(member.user_id)
        emit("org.transferred", heir.user_id)
        return heir


def appoint(org: UUID, user: UUID) -> None:
    """By whoever runs the platform: a member becomes an owner, because nobody else is left who is one. Raises Membership.DoesNotExist."""
    with scope(org):
        heir = Membership.objects.of(org).get(user=user)
        before, heir.role = heir.role, Role.OWNER
        heir.save(update_fields=["role"])
        tombstones.record("role", heir.pk, reason="appointed", org=org, value=Role.OWNER.value)
        renew_soon(user)
        emit("member.role", user, before=before, role=Role.OWNER.value)


def rename(org: Org, by: UUID, *, name: str, slug: str) -> Org:
    """The former address leads members on for 90 days, and is nobody else's meanwhile. Raises SlugTakenError."""
    try:
        with scope(org.pk, user=by):
            held = hold(org)
            if slug != held.slug:
                if lookups.slug_taken(slug, but=org.pk):
                    raise SlugTakenError(slug)
                FormerSlug.objects.of(org).filter(slug=slug).delete()
                until = clock.now() + SLUG_LEADS_ON
                FormerSlug.objects.update_or_create(org=org, slug=held.slug, defaults={"until": until})
            Org.objects.filter(pk=org.pk).update(name=name, slug=slug)
            emit("org.renamed", org.pk, former=held.slug, slug=slug)
            held.name, held.slug = name, slug
            return held
    except IntegrityError as error:
        raise SlugTakenError(slug) from error


def _member(org: Org, key: UUID) -> Membership:
    found: Membership = Membership.objects.of(org).select_related("user").get(pk=key)
    return found


def _role_now(org: Org, actor: Membership) -> str:
    """The actor's role under the lock: it may have changed since the door let them in."""
    role = Membership.objects.of(org).filter(pk=actor.pk).values_list("role", flat=True).first()
    if role is None:
        raise RefusedError("You are no longer a member.")
    return str(role)


def _keep_an_owner(org: Org, member: Membership) -> None:
    owners = Membership.objects.of(org).filter(role=Role.OWNER, user__is_active=True).values_list("pk", flat=True)
    if not keeps_an_owner(list(owners), member.pk):
        raise RefusedError("This is the last owner: make somebody else an owner first.")
