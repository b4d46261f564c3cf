"""Changing an e-mail address: asked for, confirmed at the new one, and for seven days to be taken back from the old one."""

from datetime import timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from vallum_web.accounts import letters, throttle
from vallum_web.accounts.models import EmailChange, SignIn, User
from vallum_web.accounts.person import sessions
from vallum_web.accounts.services import signins
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock

State = EmailChange.State
GOOD_FOR = timedelta(days=3)
"""For the new address to be confirmed."""
REVERTIBLE_FOR = timedelta(days=7)
KEPT_FOR = timedelta(days=30)
CONFIRM, REVERT = "vallum.email.confirm", "vallum.email.revert"
"""What a link's signature is for: one for the one is none for the other."""


class OverError(ValueError):
    """A link that opens nothing any more, or never did; the message says why."""


def waiting(user: User) -> EmailChange | None:
    """The change that waits to be confirmed."""
    return EmailChange.objects.filter(user=user, state=State.WAITING, asked_at__gt=clock.now() - GOOD_FOR).first()


def ask(user: User, after: str) -> None:
    """Send a link to the new address; an older one stops working.

    An address of somebody else's gets a mail as well, and another one: whoever asks sees no difference. What is one mail
    too many for its recipient is left out, and the earlier link works no more.
    """
    with transaction.atomic():
        held = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _drop(EmailChange.objects.filter(user=held, state=State.WAITING))
        change = EmailChange.objects.create(user=held, before=held.email, after=after, asked_at=clock.now())
        taken = _is_taken(after)
        link = _link("confirm_address", CONFIRM, change)
        if throttle.mail(after):
            said = letter("address_is_taken") if taken else letter("confirm_address", link=link)
            mails.queue(kind="address", to=after, letter=said)


def drop(user: User) -> None:
    """The person has thought again: no link of a change that waits works any more."""
    with transaction.atomic():
        _drop(EmailChange.objects.filter(user=user, state=State.WAITING))


def to_confirm(key: str) -> EmailChange:
    """The change whose link to the new address this is. Raises OverError."""
    change = EmailChange.objects.filter(pk=_read(key, CONFIRM), state=State.WAITING).select_related("user").first()
    if change is None:
        raise OverError("It was used already, or another change was asked for since.")
    if change.asked_at + GOOD_FOR <= clock.now():
        raise OverError(f"It was good for {GOOD_FOR.days} days. Ask for the change again.")
    return change


def confirm(key: str) -> EmailChange:
    """The address is the person's from now on, and the old one is told. Raises OverError."""
    with transaction.atomic():
        change = _locked(key, CONFIRM)
        if _is_taken(change.after):
            raise OverError("Somebody else has an account with this address by now.")
        change.state, change.confirmed_at = State.DONE, clock.now()
        change.save(update_fields=["state", "confirmed_at"])
        _move(change.user, change.after)
        signins.note(change.user, SignIn.Kind.EMAIL_CHANGED)
        link = _link("revert_address", REVERT, change)
        to = Recipient(address=change.before, person=change.user_id)
        mails.queue(kind="security", to=to, letter=letters.address_changed(change, link, REVERTIBLE_FOR))
        return change


def to_revert(key: str) -> EmailChange:
    """The change whose link to the old address this is. Raises OverError."""
    change = EmailChange.objects.filter(pk=_read(key, REVERT), state=State.DONE).select_related("user").first()
    if change is None or change.confirmed_at is None:
        raise OverError("It was used already, or an earlier change was taken back.")
    if change.confirmed_at + REVERTIBLE_FOR <= clock.now():
        raise OverError(f"It was good for {REVERTIBLE_FOR.days} days after the change.")
    return change


def revert(key: str) -> EmailChange:
    """Give the account back to the old address: signed out everywhere, its password void, later changes undone with it.

    Whoever had made the change knew the password; whoever reads the old address gets a new one. Raises OverError.
    """
    with transaction.atomic():
        change = _locked(key, REVERT)
        user = change.user
        if _is_taken(change.before, but=user.pk):
            raise OverError("Somebody else has an account with this address by now.")
        later = EmailChange.objects.filter(user=user, asked_at__gt=change.asked_at)
        _drop(later.filter(state__in=(State.WAITING, State.DONE)))
        left = user.email
        change.state, change.ended_at = State.REVERTED, clock.now()
        change.save(update_fields=["state", "ended_at"])
        _move(user, change.before)
        if user.has_usable_password():
            user.set_unusable_password()
            user.save(update_fields=["password"])
        sessions.end_all(user.pk)
        signins.note(user, SignIn.Kind.EMAIL_REVERTED)
        mails.queue(kind="security", to=left, letter=letter("address_reverted"))
        return change


def prune() -> int:
    """Forget changes 30 days after they were asked for: no link of theirs is good any more."""
    return EmailChange.objects.filter(asked_at__lt=clock.now() - KEPT_FOR).delete()[0]


def _locked(key: str, purpose: str) -> EmailChange:
    """The person's row is held meanwhile: of two links that are used at once, the second meets what the first has done."""
    find = {CONFIRM: to_confirm, REVERT: to_revert}[purpose]
    user = User.objects.select_for_update(no_key=True).get(pk=find(key).user_id)
    change = find(key)
    change.user = user
    return change


def _drop(changes: QuerySet[EmailChange]) -> None:
    changes.update(state=State.DROPPED, ended_at=clock.now())


def _is_taken(address: str, *, but: UUID | None = None) -> bool:
    """Whether another account has it, confirmed or not."""
    holders = {
        *User.objects.filter(email=address).values_list("pk", flat=True),
        *EmailAddress.objects.filter(email=address).values_list("user_id", flat=True),
    }
    return bool(holders - {but})


def _move(user: User, address: str) -> None:
    """One address a person, and this is it."""
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    user.email = address
    user.save(update_fields=["email"])


def _link(name: str, purpose: str, change: EmailChange) -> str:
    return settings.PUBLIC_URL + reverse(name, args=[signing.dumps(str(change.pk), salt=purpose)])


def _read(key: str, purpose: str) -> UUID:
    try:
        return UUID(signing.loads(key, salt=purpose))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        raise OverError("It is not whole: open it from the mail again.") from None
