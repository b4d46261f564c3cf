"""Give one organization a limit of its own."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.accounts import queries
from vallum_web.tenancy.limits import catalogue, services
from vallum_web.tenancy.limits.rate import Rate

MOST = 1_000_000


class Command(BaseCommand):
    help = "Give an organization its own value of a named limit, or take it back with --default."

    def add_arguments(self, parser: CommandParser) -> None:
        own = [limit.name for limit in catalogue.all_limits().values() if limit.of_org]
        parser.add_argument("limit", choices=own)
        parser.add_argument("--org", required=True, metavar="SLUG", help="the organization's part of addresses")
        parser.add_argument("--count", type=int, help="how many in each period")
        parser.add_argument("--period", help="30s, 5m, 1h or 1d (default: the limit's own)")
        parser.add_argument("--burst", type=int, help="how many of them at once (default: as many as --count)")
        parser.add_argument("--default", action="store_true", help="take the organization's own value back")

    def handle(self, *_: Any, limit: str, org: str, default: bool, **values: Any) -> None:
        found = queries.org_at(org)
        if found is None:
            raise CommandError(f"There is no organization at /{org}/: give the part of its addresses as --org.")
        named = catalogue.named(limit)
        if default:
            gone = services.restore(found.pk, named)
            self.stdout.write(f"{limit} is the default for /{org}/{' again' if gone else ': it was already'}.")
            return
        rate = _rate(named, values["count"], values["period"], values["burst"])
        services.override(found.pk, named, rate)
        self.stdout.write(f"{limit} lets {rate.count:,} in {rate.period} through for /{org}/, {rate.burst:,} at once.")


def _rate(limit: catalogue.Limit, count: int | None, period: str | None, burst: int | None) -> Rate:
    if count is None:
        raise CommandError("Say how many with --count, or --default to take the organization's own value back.")
    if not 1 <= count <= MOST or not 1 <= (burst or count) <= MOST:
        raise CommandError(f"--count and --burst go from 1 to {MOST:,}.")
    try:
        chosen = catalogue.period(period) if period else limit.rate.period
    except ValueError as error:
        raise CommandError(str(error)) from error
    return Rate(count=count, period=chosen, burst=burst or count)
