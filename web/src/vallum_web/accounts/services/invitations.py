"""Invitations: written, withdrawn, accepted. The link is in the mail and nowhere else; only its digest is kept."""

import secrets
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from vallum_web.accounts.addresses import looked_up
from vallum_web.accounts.matrix import at_most
from vallum_web.accounts.models import Invitation, Membership, User
from vallum_web.accounts.services import AlreadyMemberError, join
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.tenancy import clock, lookups, tombstones
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org, OrgQuerySet
from vallum_web.tenancy.scope import scope

GOOD_FOR = timedelta(days=7)
KEPT_FOR = timedelta(days=30)
INVITED = "invited"
"""Of the session: the link somebody came by, so that they may sign up where signing up is closed."""


class NotInvitedError(ValueError):
    """The link opens nothing for this person; the message says why, and nothing of whom it was meant for."""


def invite(org: Org, by: Membership, *, email: str, role: str) -> Invitation:
    """Send a link to the address; an older one for it stops working. Raises AlreadyMemberError, NotInvitedError."""
    if role not in at_most(by.role):
        raise NotInvitedError("You may invite people to roles up to your own only.")
    address = looked_up(email)
    secret = secrets.token_urlsafe(24)
    with scope(org.pk, user=by.user_id):
        if Membership.objects.of(org).filter(user__email=address).exists():
            raise AlreadyMemberError(address)
        _open(org.pk).filter(email=address).update(withdrawn_at=clock.now())
        made: Invitation = Invitation.objects.create(
            org=org,
            email=address,
            role=role,
            digest=_digest(secret),
            by=by.user_id,
            made_at=clock.now(),
            expires_at=clock.now() + GOOD_FOR,
        )
        link = settings.PUBLIC_URL + reverse("invitation", args=[secret])
        said = letter("invitation", slug=org.slug, role=made.get_role_display(), link=link, days=GOOD_FOR.days)
        mails.queue(kind="invitation", to=address, letter=said, org=org.pk)
        emit("member.invited", made.pk, role=role)
        return made


def withdraw(org: Org, by: UUID, key: UUID) -> bool:
    with scope(org.pk, user=by):
        done = bool(_open(org.pk).filter(pk=key).update(withdrawn_at=clock.now()))
        if done:
            tombstones.record("invitation", key, reason="withdrawn", org=org.pk)
            emit("member.uninvited", key)
        return done


def find(secret: str) -> tuple[Org, Invitation] | None:
    """The open invitation whose link this is, and its organization."""
    found = lookups.invitation(_digest(secret))
    if found is None:
        return None
    org, key = found
    with scope(org):
        invitation = _open(org).filter(pk=key, expires_at__gt=clock.now()).select_related("org").first()
        return (invitation.org, invitation) if invitation else None


def accept(org: Org, key: UUID, user: User, *, verified: bool) -> Membership:
    """Make the invited person a member. Raises NotInvitedError, PlanFullError, AlreadyMemberError.

    `verified` says whether the address of the account is proved to be the person's own.
    """
    with scope(org.pk, user=user.pk):
        held = _open(org.pk).select_for_update().filter(pk=key, expires_at__gt=clock.now()).first()
        if held is None:
            raise NotInvitedError("This invitation is used, withdrawn or over: ask for a new one.")
        if not verified or held.email != user.email.lower():
            raise NotInvitedError("This invitation is for another address than that of your account.")
        member = join(org, user, held.role, how="invited", by=user.pk)
        Invitation.objects.of(org).filter(pk=key).update(accepted_at=clock.now(), accepted_by=user.pk)
        return member


def prune(org: UUID) -> int:
    """Forget invitations 30 days after they were accepted, withdrawn or over."""
    last = clock.now() - KEPT_FOR
    over = Q(accepted_at__lt=last) | Q(withdrawn_at__lt=last) | Q(expires_at__lt=last)
    with scope(org):
        gone: int = Invitation.objects.of(org).filter(over).delete()[0]
        return gone


def _open(org: UUID) -> OrgQuerySet[Invitation]:
    return Invitation.objects.of(org).filter(accepted_at=None, withdrawn_at=None)


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
