"""The outbox, as a test reads it: oldest first."""

from vallum_web.mail import queries, services
from vallum_web.mail.recipients import digest
from vallum_web.tenancy.scope import outbox


def mails(*, to="", subject="", kind=""):
    """Mails whose text is still there, to exactly this address and of a subject that holds these words, where given."""
    found = reversed(queries.newest(10_000))
    return [mail for mail in found if to in {"", mail.to} and subject in mail.subject and kind in {"", mail.kind}]


def come_back(address):
    """Mails to this address come back from now on."""
    with outbox():
        services.suppress(digest(address), "bounced", None)


def last(**narrowed):
    return mails(**narrowed)[-1]


def pairs(**narrowed):
    return [(mail.to, mail.subject) for mail in mails(**narrowed)]
