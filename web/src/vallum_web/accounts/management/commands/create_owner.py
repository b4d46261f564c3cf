"""The first owner of an installation without demo: a person, verified, with an organization."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.accounts import queries, services
from vallum_web.accounts.addresses import normal
from vallum_web.accounts.forms import OrgForm
from vallum_web.accounts.management import passwords


class Command(BaseCommand):
    help = "Create a person with an organization of their own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--org", default="Main", help="name of the organization (default: Main)")
        parser.add_argument("--slug", default="", help="its part of addresses (default: made from the name)")
        parser.add_argument("--generate", action="store_true", help="make a password and print it")

    def handle(self, *_: Any, email: str, org: str, slug: str, generate: bool, **__: Any) -> None:
        try:
            email = normal(email)
        except ValueError as error:
            raise CommandError(f"{email!r} is no e-mail address. {error}") from error
        if queries.with_email(email):
            raise CommandError(
                f"{email} has an account already. Signed in, they make an organization under New organization."
            )
        form = OrgForm({"name": org, "slug": slug})
        if not form.is_valid():
            told = " ".join(str(error) for errors in form.errors.values() for error in errors)
            raise CommandError(f"The organization {org!r} was not made. {told} Give --org NAME or --slug ADDRESS.")
        password = passwords.generated() if generate else passwords.asked()
        slug = form.cleaned_data["slug"]
        try:
            user = services.first_owner(email, password, name=form.cleaned_data["name"], slug=slug)
        except services.SlugTakenError as error:
            raise CommandError(f"The address {error} was taken meanwhile: give another --slug.") from error
        self.stdout.write(f"{user.email} owns {org} at /{slug}/")
        if generate:
            self.stdout.write(f"password: {password}")
