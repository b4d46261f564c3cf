from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.accounts import queries
from vallum_web.accounts.sso import queries as sso
from vallum_web.accounts.sso import services
from vallum_web.tenancy.scope import scope


class Command(BaseCommand):
    help = "Let members of an organization in by password again, when its identity provider is broken and no owner can come in"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("org", help="its part of addresses")

    def handle(self, *_: Any, **options: Any) -> None:
        org = queries.org_at(options["org"])
        if org is None:
            raise CommandError(f"No organization has the address /{options['org']}/.")
        with scope(org.pk):
            provider = sso.in_use(org)
        if provider is None or not provider.enforced:
            raise CommandError(f"/{org.slug}/ requires no single sign-on.")
        services.enforce(provider, None, on=False)
        self.stdout.write(f"/{org.slug}/ requires single sign-on no longer.")
