from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.accounts import queries
from vallum_web.accounts.services import staff


class Command(BaseCommand):
    help = "Add, remove or list the people who run the platform"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=("add", "remove", "list"))
        parser.add_argument("email", nargs="?", help="of somebody with an account")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["verb"] == "list":
            for operator in queries.operators():
                self.stdout.write(f"{operator.user.email}  since {operator.added_at:%Y-%m-%d}")
            return
        user = queries.with_email(options["email"] or "")
        if user is None:
            raise CommandError(f"Nobody has an account with the address {options['email']}: they sign up first.")
        if options["verb"] == "add":
            staff.add_operator(user)
            self.stdout.write(
                f"{user.email} is an operator. They need a second step at sign-in before they can open anything."
            )
        elif staff.remove_operator(user):
            self.stdout.write(f"{user.email} is no operator any more; what they had open is closed.")
        else:
            raise CommandError(f"{user.email} is no operator.")
