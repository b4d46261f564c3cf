"""Live figures about transfers; see tenancy/figures.py."""

from datetime import date, timedelta
from uuid import UUID

from django.db.models.functions import TruncDate

from vallum_web.tenancy import clock
from vallum_web.tenancy.figures import figure, in_every_org
from vallum_web.tenancy.models import Departure, PlatformDeparture
from vallum_web.tenancy.processors import queries


@figure(
    "bare-transfers",
    "PP-8c",
    words="days of the last 30 on which something went to a sub-processor outside of the EU without a valid entry in the register",
    at_most=0,
)
def bare_transfers() -> float:
    since = clock.now() - timedelta(days=30)
    names = [party.id for party in queries.parties()]

    def days(org: UUID | None) -> set[tuple[str, date]]:
        rows = PlatformDeparture.objects.all() if org is None else Departure.objects.of(org)
        left = rows.filter(entry__in=names, ok=True, at__gt=since).order_by()
        return set(left.annotate(day=TruncDate("at")).values_list("entry", "day").distinct())

    found = days(None)
    list(in_every_org(lambda org: found.update(days(org))))
    return queries.bare(found)


@figure(
    "transfers-lacking",
    "PP-8c",
    words="sub-processors in use outside of the EU to which nothing may go today",
    at_most=0,
)
def transfers_lacking() -> float:
    return sum(each.used and bool(each.lacking) for each in queries.standing())
