"""The signed address by which a deletion is taken back, and the unguessable one of a receipt."""

import secrets
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

_SALT = "vallum.deletion"
GOOD_FOR = timedelta(days=31)


def back(deletion: UUID) -> str:
    """In the mail to whoever may have it back. What it opens ends with the thirty days."""
    return str(settings.PUBLIC_URL) + reverse("have_back", args=[signing.dumps(str(deletion), salt=_SALT)])


def read(key: str) -> UUID | None:
    try:
        return UUID(signing.loads(key, salt=_SALT, max_age=GOOD_FOR))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def receipt(secret: str) -> str:
    return str(settings.PUBLIC_URL) + reverse("receipt", args=[secret])


def digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
