from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.accounts import queries, services
from vallum_web.tenancy.plans import PLANS


def _day(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)


class Command(BaseCommand):
    help = "Put an organization on a plan"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("org", help="its part of addresses")
        parser.add_argument("plan", choices=sorted(PLANS))
        parser.add_argument("--seats", type=int, help="how many members it may have, instead of the plan's own number")

        parser.add_argument(
            "--until", type=_day, help="the day (UTC) it ends, such as 2027-12-31; after it what held before"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        org = queries.org_at(options["org"])
        if org is None:
            raise CommandError(f"No organization has the address /{options['org']}/.")
        if options["seats"] is not None and options["seats"] < 1:
            raise CommandError("An organization has at least one member: give --seats 1 or more.")
        services.set_plan(org, options["plan"], options["seats"], until=options["until"], grace=True)
        self.stdout.write(f"/{org.slug}/ is on the plan {PLANS[options['plan']].name}.")
