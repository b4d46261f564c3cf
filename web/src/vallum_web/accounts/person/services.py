"""Writes about a person as such. No organization is told: none owns them."""

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.db import transaction

from vallum_web.accounts.models import User
from vallum_web.accounts.person import sessions
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import tombstones

LAST_STEP = "last_step"


def describe(user: User, *, name: str, theme: str) -> None:
    User.objects.filter(pk=user.pk).update(name=name, theme=theme)


def spend_code(user: User, code: str) -> bool:
    """Take an app's code out of use, and all before it. False where it was used already; True for other codes.

    allauth forgets a used code after 30 seconds, but with a step of tolerance to both sides one is good for 90. So the
    last step that was used is kept beside the secret, and nothing at or before it is taken again.
    """
    with transaction.atomic():
        held = _app(user, lock=True)
        step = _step(held, code) if held else None
        if held is None or step is None:
            return True
        if step <= held.data.get(LAST_STEP, -1):
            return False
        held.data[LAST_STEP] = step
        held.save(update_fields=["data"])
        return True


def is_spent(user: User, code: str) -> bool:
    held = _app(user)
    step = _step(held, code) if held else None
    return held is not None and step is not None and step <= held.data.get(LAST_STEP, -1)


def remove_factors(user: User) -> int:
    """For the operator's command line: for somebody who has lost them all. Their sessions end, and a mail tells them."""
    with transaction.atomic():
        gone: int = Authenticator.objects.filter(user=user).delete()[0]
        sessions.end_all(user.pk)
        if gone:
            tombstones.record("credentials", user.pk, reason="mfa_removed")
            to = Recipient(address=user.email, person=user.pk)
            mails.queue(kind="security", to=to, letter=letter("factors_removed"))
    return gone


def _app(user: User, *, lock: bool = False) -> Authenticator | None:
    found = Authenticator.objects.select_for_update() if lock else Authenticator.objects.all()
    return found.filter(user=user, type=Authenticator.Type.TOTP).first()


def _step(held: Authenticator, code: str) -> int | None:
    """The newest 30 seconds of which this is the app's code, of those that are taken now."""
    secret = decrypt(held.data["secret"])
    for step in sorted(totp.yield_hotp_counters_from_time(), reverse=True):
        if totp.compare_user_code(actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, step))):
            return int(step)
    return None
