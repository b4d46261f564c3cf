"""The brake: a fifth of what an organization has does not go at once unless somebody, or the run itself a day before, looked at it.

All times are the database's own: a caller can name no other one.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from vallum_web.tenancy.retention.models import FirstLook

SHARE = 0.2
FEW = 100
"""So many go without a second look."""
BETWEEN = timedelta(days=1)
FORGOTTEN = timedelta(days=4)
AHEAD = BETWEEN + timedelta(hours=1)
"""The run looks so far ahead: what goes in its time was seen a day before."""


class Braked(Exception):
    """A fifth or more would go that nobody has seen before."""


def much(due: int, of: int) -> bool:
    return due > FEW and due > of * SHARE


def look(org: UUID, rule: str, now: datetime, up_to: datetime) -> None:
    """Note that what is no younger than `up_to` is about to go. Looks that say nothing any more are forgotten."""
    looks = FirstLook.objects.of(org).filter(rule=rule)
    looks.filter(Q(at__lt=now - FORGOTTEN) | Q(at__gt=now)).delete()
    if not looks.filter(up_to__gte=up_to).exists():
        FirstLook.objects.create(org_id=org, rule=rule, at=now, up_to=up_to)


def confirm(org: UUID, rule: str, now: datetime, up_to: datetime) -> None:
    """A person has seen how much will go, and wants it."""
    FirstLook.objects.create(org_id=org, rule=rule, at=now - BETWEEN, up_to=up_to)


def passed(org: UUID, rule: str, now: datetime, up_to: datetime) -> bool:
    """Whether what is no younger than `up_to` was looked at a day ago or earlier."""
    return FirstLook.objects.of(org).filter(rule=rule, at__lte=now - BETWEEN, up_to__gte=up_to).exists()
