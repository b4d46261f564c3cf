"""How a mail leaves this installation, and what it then looks like."""

import sys
from datetime import timedelta
from typing import Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from vallum_web.mail import links
from vallum_web.mail.letters import html, plain
from vallum_web.mail.outbox import Claimed
from vallum_web.mail.outcomes import Outcome, Taken


class Carrier(Protocol):
    """Hands one mail over. Raises nothing: an outcome says it all, and names nobody."""

    name: str
    window: timedelta
    """How long the other side knows a repeated mail by its key; nothing where it knows no keys."""

    def hand_over(self, mail: Claimed) -> Outcome: ...


class Console:
    """For whoever develops: mails are printed where the worker runs."""

    name = "console"
    window = timedelta()

    def hand_over(self, mail: Claimed) -> Outcome:
        message = composed(mail)
        sys.stdout.write(f"To: {mail.to}\nSubject: {message.subject}\n\n{message.body}\n")
        sys.stdout.flush()
        return Taken()


def composed(mail: Claimed) -> EmailMultiAlternatives:
    """Text and HTML, to one address. What can be switched off says how, and to machines as RFC 8058 has it."""
    headers = {"Auto-Submitted": "auto-generated"}
    leave = ""
    if not mail.kind.essential and mail.person is not None:
        leave = links.choices()
        headers["List-Unsubscribe"] = f"<{links.unsubscribe(mail.person, mail.kind.id)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message = EmailMultiAlternatives(
        subject=mail.letter.subject,
        body=plain(mail.letter, mail.kind, leave=leave),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mail.to],
        headers=headers,
    )
    message.attach_alternative(html(mail.letter, mail.kind, leave=leave), "text/html")
    return message
