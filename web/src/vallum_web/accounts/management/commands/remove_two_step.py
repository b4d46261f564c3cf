from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.accounts import queries
from vallum_web.accounts.person import services


class Command(BaseCommand):
    help = (
        "Take a person's app, passkeys and recovery codes away, for one who has lost them all: make sure first who asks"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address of the person's account")

    def handle(self, *_: Any, **options: Any) -> None:
        person = queries.with_email(options["email"])
        if person is None:
            raise CommandError(f"No account has the address {options['email']}.")
        gone = services.remove_factors(person)
        self.stdout.write(f"{gone} factors of {person.email} are removed, and their sessions ended. A mail tells them.")
