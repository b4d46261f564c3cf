"""What a mail says is sealed, under a key of its month: destroyed two months later, and the mails of every backup with it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from vallum_web.mail.letters import Letter
from vallum_web.tenancy.keyring import keys, seals, store
from vallum_web.tenancy.keyring.errors import ForgottenError, NoSuchKeyError, NotOursError
from vallum_web.tenancy.keyring.keys import Owner

_MONTHS: Final = UUID("5d0c3c1e-7a41-4b4b-9a43-6d61696c2e6b")
KEPT_FOR: Final = timedelta(days=60)
"""Longer than any mail is worth sending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A letter, and the address that it goes to."""

    to: str
    letter: Letter


def close(key: UUID, written_at: datetime, content: Content) -> str:
    said = content.letter
    text = json.dumps({"to": content.to, "subject": said.subject, "text": said.text, "button": said.button})
    return seals.seal_for(_month(written_at), _place(key), text)


def opened(key: UUID, written_at: datetime, sealed: str) -> Content | None:
    """None where it is gone, or its month is over. Raises KeyringError while the keyring cannot be asked."""
    if not sealed:
        return None
    try:
        said = json.loads(seals.unseal_for(_month(written_at), _place(key), sealed))
    except (ForgottenError, NoSuchKeyError, NotOursError):
        return None
    return Content(to=said["to"], letter=Letter(subject=said["subject"], text=said["text"], button=said["button"]))


def forget(now: datetime) -> None:
    """Destroy the keys of the months that ended two months ago or earlier, a year back at most."""
    for month in range(13):
        owner = Owner.subject(_month(now - KEPT_FOR - timedelta(days=31 * (month + 1))))
        if keys.listed(owner):
            # Destroyed, and not forbidden for ever: a clock that went ahead for a while keeps nobody from writing mails.
            with store.writing() as run:
                keys.destroy(run, owner)
            store.scrub()


def _month(at: datetime) -> UUID:
    return uuid5(_MONTHS, f"{at:%Y-%m}")


def _place(key: UUID) -> str:
    return f"mail.Message.sealed:{key}"
