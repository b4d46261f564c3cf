"""Reads of the register of suspensions."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from vallum_web.accounts import queries as people
from vallum_web.accounts.models import Operator
from vallum_web.accounts.suspensions.models import Appeal, Suspension
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org, Suspended
from vallum_web.tenancy.scope import Purpose, scope

AGAIN = timedelta(days=30)
"""So long after a decision that kept it, whoever is suspended may appeal once more."""


def open_of(subject: UUID) -> Suspension | None:
    """The suspension that holds, or is to come."""
    return Suspension.objects.filter(subject=subject, ended_at=None).first()


def in_force(subjects: Iterable[UUID]) -> list[Suspension]:
    now = clock.now()
    rows = Suspension.objects.filter(subject__in=list(subjects), ended_at=None, starts_at__lte=now)
    return list(rows.filter(Q(until=None) | Q(until__gt=now)).order_by("-whose"))


def of(subject: UUID) -> list[Suspension]:
    """All there were, the newest first."""
    return list(Suspension.objects.filter(subject=subject).order_by("-made_at").prefetch_related("appeals"))


def one(key: UUID) -> Suspension:
    """Raises Suspension.DoesNotExist."""
    return Suspension.objects.prefetch_related("appeals").get(pk=key)


def appeals(row: Suspension) -> list[Appeal]:
    """The newest first."""
    return list(row.appeals.order_by("-made_at"))


def open_appeal(row: Suspension) -> Appeal | None:
    return row.appeals.filter(decided_at=None).first()


def may_appeal_from(row: Suspension) -> datetime | None:
    """From when on there can be an appeal; None while one is open, or when it is over."""
    if row.ended_at:
        return None
    last = row.appeals.order_by("-made_at").first()
    if last is None:
        return row.made_at
    return last.decided_at + AGAIN if last.decided_at else None


def held() -> QuerySet[Suspension]:
    return Suspension.objects.filter(ended_at=None).order_by("starts_at", "id")


def ended() -> QuerySet[Suspension]:
    return Suspension.objects.filter(ended_at__isnull=False).order_by("-ended_at", "-id")


def waiting() -> QuerySet[Appeal]:
    """Appeals that nobody has decided yet, the most urgent first."""
    return Appeal.objects.filter(decided_at=None).select_related("suspension").order_by("due_at", "id")


def late() -> int:
    return waiting().filter(due_at__lt=clock.now()).count()


def others(operator: UUID | None, but: UUID | None = None) -> bool:
    """Whether there is another operator than this one, and than `but`."""
    return Operator.objects.exclude(user__in=[key for key in (operator, but) if key]).exists()


def called(rows: Sequence[Suspension]) -> dict[UUID, str]:
    """The names of those whom these suspensions are of; of who is gone, the id."""
    found = {row.subject: str(row.subject) for row in rows}
    found |= people.names(row.subject for row in rows if row.whose == Suspension.Whose.PERSON)
    for org in {row.subject for row in rows if row.whose == Suspension.Whose.ORG}:
        with scope(org, purpose=Purpose.PRIVACY):
            found |= dict(Org.objects.filter(pk=org).values_list("pk", "name"))
    return found


def unlike() -> int:
    """How many are in the register and not at the doors, or the other way round."""
    registered = set(held().values_list("subject", flat=True))
    return len(registered ^ set(Suspended.objects.values_list("id", flat=True)))
