"""How often an organization was refused, by hour: for its own page."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import LimitRefusal
from vallum_web.tenancy.scope import scope

KEPT_FOR = timedelta(days=7)
SHOWN_HOURS = 24
_COUNT = """
insert into tenancy_limitrefusal (id, org_id, name, hour, count) values (%s, %s, %s, %s, 1)
on conflict (org_id, name, hour) do update set count = tenancy_limitrefusal.count + 1
"""


def count(org: UUID, name: str, now: datetime) -> None:
    with scope(org), connection.cursor() as cursor:
        cursor.execute(_COUNT, [uuid7(), org, name, _hour(now)])


def lately(org: UUID) -> dict[str, list[int]]:
    """By limit, how often each of the last hours, the oldest first. Inside the organization's scope."""
    last = _hour(clock.now())
    hours = [last - timedelta(hours=ago) for ago in reversed(range(SHOWN_HOURS))]
    found = {(row.name, row.hour): row.count for row in LimitRefusal.objects.of(org).filter(hour__gte=hours[0])}
    return {name: [found.get((name, hour), 0) for hour in hours] for name, _ in found}


def prune(org: UUID) -> int:
    with scope(org):
        gone: int = LimitRefusal.objects.of(org).filter(hour__lt=clock.now() - KEPT_FOR).delete()[0]
        return gone


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
