"""Telling those who run the platform."""

from uuid import UUID

from vallum_web.accounts.queries import operators
from vallum_web.mail import services as mails
from vallum_web.mail.letters import Letter
from vallum_web.mail.recipients import Recipient


def tell(
    said: Letter, *, kind: str = "operation", once: str = "", but: UUID | None = None, notice: bool = False
) -> int:
    """In the caller's transaction. Each gets it once under this key; with `notice` on the site too. How many there are."""
    found = operators().exclude(user=but) if but else operators()
    for row in found:
        to = Recipient(address=row.user.email, person=row.user_id)
        key = f"{once}/{row.user_id}" if once else ""
        if notice:
            mails.tell(kind=kind, to=to, letter=said, once=key)
        else:
            mails.queue(kind=kind, to=to, letter=said, dedupe=key)
    return len(found)
