"""The first owner of an installation without demo: a person, verified, with an organization."""

import getpass
import os
import secrets
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.accounts import services
from vallum_web.accounts.forms import OrgForm
from vallum_web.accounts.models import User


class Command(BaseCommand):
    help = "Create a person with an organization: create_owner EMAIL --org NAME --slug ADDRESS"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--org", default="Main")
        parser.add_argument("--slug", default="main")
        parser.add_argument("--generate", action="store_true", help="make a password and print it")

    def handle(self, *_: Any, email: str, org: str, slug: str, generate: bool, **__: Any) -> None:
        if User.objects.filter(email=email.strip().lower()).exists():
            raise CommandError(f"{email} has an account already: sign in, or reset its password.")
        form = OrgForm({"name": org, "slug": slug})
        if not form.is_valid():
            raise CommandError(" ".join(str(error) for errors in form.errors.values() for error in errors))
        password = secrets.token_urlsafe(18) if generate else self._ask()
        user = services.first_owner(email, password, name=org, slug=slug)
        self.stdout.write(f"{user.email} owns {org} at /{slug}/")
        if generate:
            self.stdout.write(f"password: {password}")

    def _ask(self) -> str:
        password = os.environ.get("VALLUM_PASSWORD") or getpass.getpass("Password (12 characters or more): ")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        return password
