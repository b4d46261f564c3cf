from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.tenancy.processors import queries, services
from vallum_web.tenancy.processors.models import Transfer
from vallum_web.tenancy.processors.services import NotATransferError, Stated


class Command(BaseCommand):
    help = "The register of transfers out of the EU: list it, or enter one"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="what holds today, and what is lacking")
        enter = verbs.add_parser("enter", help="state what lets data go to a sub-processor")
        enter.add_argument("processor", choices=[party.id for party in queries.parties()])
        enter.add_argument("country", help="ISO 3166, such as US")
        enter.add_argument("mechanism", choices=Transfer.Mechanism.values)
        enter.add_argument("--module", default="", help="of the clauses: 1 to 4")
        enter.add_argument("--dpf", action="store_true", help="certified under the Data Privacy Framework as well")
        enter.add_argument("--assessment", required=True, help="where the transfer impact assessment lies")
        enter.add_argument("--dated", type=date.fromisoformat, required=True)
        enter.add_argument("--expires", type=date.fromisoformat, required=True)

    def handle(self, *_: Any, **options: Any) -> None:
        if options["verb"] == "enter":
            names = ("processor", "country", "mechanism", "module", "dpf", "assessment", "dated", "expires")
            try:
                row = services.enter(Stated(**{name: options[name] for name in names}), None)
            except NotATransferError as error:
                raise CommandError(str(error)) from None
            self.stdout.write(f"{row}, until {row.expires:%Y-%m-%d}.")
            return
        for each in queries.standing():
            held = "; ".join(f"{row.country} {row.mechanism} until {row.expires:%Y-%m-%d}" for row in each.transfers)
            lacking = f"LACKING: {', '.join(each.lacking)}" if each.lacking else ""
            self.stdout.write(f"{each.party.id}: {' '.join(filter(None, (held, lacking))) or 'inside of the EU'}")
