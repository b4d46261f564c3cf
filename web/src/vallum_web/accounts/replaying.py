"""What a restored backup must not give back to anybody: a membership, a role, a token, an invitation, a way to sign in."""

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password

from vallum_web.accounts.models import ApiToken, Invitation, Membership, Operator, SignIn, User
from vallum_web.accounts.person import sessions
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.scope import person, scope
from vallum_web.tenancy.tombstones.entry import Entry
from vallum_web.tenancy.tombstones.handlers import Replay, after_any_restore, replays

HOW = "restored"


def _member_again(entry: Entry) -> None:
    with scope(entry.tenant):
        member = Membership.objects.of(entry.tenant).filter(pk=entry.subject).first()
        # Also the last owner: that they left is what happened, and an organization without one is the operator's to settle.
        if member is not None:
            member.delete()
            emit("member.removed", member.user_id, how=HOW)


def _member_holds(entry: Entry) -> bool:
    with scope(entry.tenant):
        return not Membership.objects.of(entry.tenant).filter(pk=entry.subject).exists()


def _role_again(entry: Entry) -> None:
    with scope(entry.tenant):
        member = Membership.objects.of(entry.tenant).filter(pk=entry.subject).exclude(role=entry.value).first()
        if member is not None:
            Membership.objects.of(entry.tenant).filter(pk=member.pk).update(role=entry.value)
            emit("member.role", member.user_id, before=member.role, role=entry.value)


def _role_holds(entry: Entry) -> bool:
    with scope(entry.tenant):
        return bool(Membership.objects.of(entry.tenant).filter(pk=entry.subject, role=entry.value).exists())


def _token_again(entry: Entry) -> None:
    with scope(entry.tenant):
        token = ApiToken.objects.of(entry.tenant).filter(pk=entry.subject, revoked_at=None).first()
        if token is not None:
            ApiToken.objects.of(entry.tenant).filter(pk=token.pk).update(revoked_at=entry.at)
            emit("token.revoked", token.pk)


def _token_holds(entry: Entry) -> bool:
    with scope(entry.tenant):
        return bool(ApiToken.objects.of(entry.tenant).filter(pk=entry.subject, revoked_at__isnull=False).exists())


def _invitation_again(entry: Entry) -> None:
    with scope(entry.tenant):
        Invitation.objects.of(entry.tenant).filter(pk=entry.subject, withdrawn_at=None).update(withdrawn_at=entry.at)


def _invitation_holds(entry: Entry) -> bool:
    with scope(entry.tenant):
        return not Invitation.objects.of(entry.tenant).filter(pk=entry.subject, withdrawn_at=None).exists()


def _operator_again(entry: Entry) -> None:
    with person(entry.subject):
        Operator.objects.filter(user=entry.subject).delete()


def _operator_holds(entry: Entry) -> bool:
    return not Operator.objects.filter(user=entry.subject).exists()


def _credentials_again(entry: Entry) -> None:
    """What they were changed to is in no backup. So none is taken any more: a mail lets the person choose anew."""
    with person(entry.subject):
        User.objects.filter(pk=entry.subject).update(password=make_password(None))
        Authenticator.objects.filter(user=entry.subject).delete()


def _credentials_hold(entry: Entry) -> bool:
    return SignIn.objects.filter(user=entry.subject, kind=entry.reason, at__gte=entry.at).exists()


# Of a backup's sessions nobody knows which were ended since.
after_any_restore(sessions.end_all)
replays(
    Replay(kind="member", again=_member_again, holds=_member_holds),
    Replay(kind="role", again=_role_again, holds=_role_holds),
    Replay(kind="token", again=_token_again, holds=_token_holds),
    Replay(kind="invitation", again=_invitation_again, holds=_invitation_holds),
    Replay(kind="operator", again=_operator_again, holds=_operator_holds),
    Replay(kind="credentials", again=_credentials_again, holds=_credentials_hold),
)
