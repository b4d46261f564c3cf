"""Bring a person into an organization: somebody with an account, or somebody new."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from vallum_web.accounts import queries, services
from vallum_web.accounts.addresses import normal
from vallum_web.accounts.management import passwords
from vallum_web.accounts.models import Membership


class Command(BaseCommand):
    help = "Add a person to an organization, with a new account where they have none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--org", required=True, metavar="SLUG", help="the organization's part of addresses")
        parser.add_argument("--role", required=True, choices=Membership.Role.values)
        parser.add_argument("--generate", action="store_true", help="for a new account: make a password and print it")

    def handle(self, *_: Any, email: str, org: str, role: str, generate: bool, **__: Any) -> None:
        try:
            validate_email(email)
            email = normal(email)
        except (ValidationError, ValueError) as error:
            raise CommandError(f"{email!r} is no e-mail address.") from error
        found = queries.org_at(org)
        if found is None:
            raise CommandError(f"There is no organization at /{org}/: give the part of its addresses as --org.")
        user = queries.with_email(email)
        password = "" if user else passwords.generated() if generate else passwords.asked()
        try:
            if user:
                services.join(found, user, Membership.Role(role))
            else:
                services.new_member(found, email, password, Membership.Role(role))
        except services.AlreadyMemberError as error:
            raise CommandError(f"{email} belongs to /{org}/ already.") from error
        self.stdout.write(f"{email} belongs to /{org}/ as {role}.")
        if password and generate:
            self.stdout.write(f"password: {password}")
