"""A sealed text of the platform's own, in every backup. Opened with the keyring and not without it, or a drill fails."""

import secrets
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

from vallum_web.backups.models import Canary
from vallum_web.tenancy.keyring import KeyringError, seal_for, unseal_for

SUBJECT: Final = UUID("00000000-0000-7000-8000-00000000ca9a")
"""Nobody's id: the time in it is the epoch."""
_PLACE: Final = "backups.Canary.sealed:1"


class Answer(StrEnum):
    """What became of the attempt to read it."""

    READ = "read"
    SHUT = "shut"
    ABSENT = "absent"


def ensure() -> None:
    """Have it in the database, sealed under a key of its own."""
    if read() is not Answer.READ:
        text = secrets.token_urlsafe(24)
        values = {"sealed": seal_for(SUBJECT, _PLACE, text), "sha256": sha256(text.encode()).digest()}
        Canary.objects.update_or_create(pk=1, defaults=values)


def read() -> Answer:
    row = Canary.objects.filter(pk=1).first()
    if row is None:
        return Answer.ABSENT
    try:
        text = unseal_for(SUBJECT, _PLACE, row.sealed)
    except KeyringError:
        return Answer.SHUT
    return Answer.READ if sha256(text.encode()).digest() == bytes(row.sha256) else Answer.SHUT
