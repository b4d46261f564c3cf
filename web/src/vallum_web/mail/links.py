"""The addresses at the end of a mail that can be switched off."""

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

_SALT = "vallum.mail.leave"


def choices() -> str:
    """The page on which a person chooses; they sign in for it."""
    return str(settings.PUBLIC_URL) + reverse("mail_choices")


def unsubscribe(person: UUID, kind: str) -> str:
    """Works without signing in, for ever, for this person and kind alone."""
    return str(settings.PUBLIC_URL) + reverse(
        "mail:leave", args=[signing.dumps([str(person), kind], salt=_SALT, compress=False)]
    )


def read(key: str) -> tuple[UUID, str] | None:
    """Whose and which kind; None where it is none of ours."""
    try:
        person, kind = signing.loads(key, salt=_SALT)
        return UUID(person), str(kind)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
