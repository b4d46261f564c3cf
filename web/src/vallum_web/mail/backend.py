"""Django's mail, kept in the outbox. Whoever writes a mail by Django's own means gives it a kind: `mail_kind`."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from vallum_web.mail import services
from vallum_web.mail.letters import Letter
from vallum_web.mail.recipients import Recipient


class OutboxBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        mails = [(to, message) for message in email_messages for to in message.to]
        for to, message in mails:
            services.queue(
                kind=getattr(message, "mail_kind", "security"),
                to=Recipient(address=to, person=getattr(message, "mail_person", None)),
                letter=Letter(
                    subject=str(message.subject), text=str(message.body), button=getattr(message, "mail_button", "")
                ),
            )
        return len(mails)
