"""The last mails of this installation, with their texts."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from vallum_engine.model.text import printable
from vallum_web.mail import queries


class Command(BaseCommand):
    help = "Print the newest mails, to one address or to all: whoever runs this can read every one of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", nargs="?", default="")

    def handle(self, *_: Any, email: str, **__: Any) -> None:
        mails = queries.newest(to=email.strip().lower())
        for mail in mails:
            lines = "\n".join(printable(line) for line in mail.text.splitlines())
            self.stdout.write(
                f"{mail.written_at:%Y-%m-%d %H:%M} UTC, to {printable(mail.to)}: {printable(mail.subject)}\n\n{lines}\n"
            )
        if not mails:
            self.stdout.write("There is no mail to this address." if email else "There is no mail.")
