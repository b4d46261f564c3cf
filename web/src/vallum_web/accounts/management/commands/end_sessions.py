from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.accounts import queries
from vallum_web.accounts.person import sessions


class Command(BaseCommand):
    help = "Sign a person out everywhere, or everybody"

    def add_arguments(self, parser: CommandParser) -> None:
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("email", nargs="?", help="the address of the person's account")
        whom.add_argument("--everybody", action="store_true", help="end all sessions of this installation")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["everybody"]:
            self.stdout.write(f"{sessions.end_all()} sessions are ended: everybody signs in again.")
            return
        person = queries.with_email(options["email"])
        if person is None:
            raise CommandError(f"No account has the address {options['email']}.")
        self.stdout.write(f"{sessions.end_all(person.pk)} sessions of {person.email} are ended.")
