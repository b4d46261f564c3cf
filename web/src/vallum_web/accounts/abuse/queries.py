"""Reads: an organization's cases for its owners, attacks and counts for whoever runs the platform."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from vallum_web.accounts import queries as people
from vallum_web.accounts.abuse.models import AbuseCase, Attack, Watching
from vallum_web.tenancy.models import Org, OrgQuerySet

MOST = 200
"""Closed cases and attacks that a page shows; older ones go by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Over all organizations, and of none by name."""

    rule: str
    open: int
    ours: int
    ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A case, and the name of whoever did it while their account exists."""

    case: AbuseCase
    who: str


def open_cases(org: Org) -> OrgQuerySet[AbuseCase]:
    return AbuseCase.objects.of(org).filter(closed_at=None).order_by("-at", "-id")


def closed_cases(org: Org) -> Sequence[AbuseCase]:
    return list(AbuseCase.objects.of(org).exclude(closed_at=None).order_by("-closed_at", "-id")[:MOST])


def named(cases: Iterable[AbuseCase]) -> Sequence[Named]:
    rows = list(cases)
    names = people.names(row.who for row in rows if row.who)
    return [Named(case=row, who=names.get(row.who, "a former member") if row.who else "") for row in rows]


def chosen(org: Org) -> dict[str, bool]:
    """What an organization wants done by itself; what holds where nobody chose, too."""
    row = Watching.objects.of(org).first() or Watching()
    return {"suspend_tokens": row.suspend_tokens, "hold_exports": row.hold_exports}


def attacks() -> Sequence[Attack]:
    return list(Attack.objects.order_by("-at", "-id")[:MOST])


def counts() -> Sequence[Count]:
    words = dict(AbuseCase.Rule.choices)
    with connection.cursor() as cursor:
        cursor.execute("select rule, open, ours, ended from abuse_counts() order by rule")
        return [
            Count(rule=words.get(rule, rule), open=still, ours=ours, ended=ended)
            for rule, still, ours, ended in cursor.fetchall()
        ]
