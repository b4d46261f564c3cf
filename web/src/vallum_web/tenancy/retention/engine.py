"""The hourly run: every rule for everybody, and the evidence of it."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from operator import itemgetter
from time import monotonic
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models

from vallum_web.tenancy import clock, lookups
from vallum_web.tenancy.models import Org, TenantModel
from vallum_web.tenancy.retention import holds, windows
from vallum_web.tenancy.retention.brake import Braked
from vallum_web.tenancy.retention.models import RetentionRun
from vallum_web.tenancy.retention.rules import LATE, Class, Rule, rules
from vallum_web.tenancy.scope import scope

log = logging.getLogger(__name__)
APART = timedelta(seconds=5)
KEPT_FOR = timedelta(days=365)


class ClocksApartError(RuntimeError):
    """The machine and the database do not agree what time it is: nothing is deleted by age until they do."""


@dataclass(slots=True)
class Tally:
    """What becomes of a rule in one run."""

    deleted: int = 0
    oldest: datetime | None = None
    overdue: int = 0
    held: int = 0
    failures: int = 0
    seconds: float = 0.0
    paused: set[UUID] = field(default_factory=set)

    def measured(self, oldest: datetime | None, overdue: int) -> None:
        self.overdue += overdue
        if oldest is not None:
            self.oldest = min(self.oldest or oldest, oldest)


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("select vallum_now()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def run() -> list[RetentionRun]:
    """Raises ClocksApartError. What fails for one organization, or of one rule, stops no other."""
    if abs(database_now() - clock.now()) > APART:
        raise ClocksApartError(
            "The clocks of this machine and of the database are more than 5 seconds apart: set them right."
        )
    tallies = {rule.id: Tally() for rule in rules()}
    for rule in rules():
        if rule.of_platform:
            _alone(rule, tallies[rule.id], rule.of_platform)
            for kind in rule.classes:
                with kind.seen_in():
                    for found in _measured([kind], kind.keeps):
                        tallies[rule.id].measured(*found)
    for org in lookups.all_orgs():
        _run_for(org, tallies)
    return _written(tallies)


def _run_for(org: UUID, tallies: dict[str, Tally]) -> None:
    with scope(org):
        paused = bool(holds.in_force(org))
    mine = [rule for rule in rules() if rule.of_org]
    for rule in mine:
        tally = tallies[rule.id]
        if paused and rule.pausable:
            tally.held += 1
            tally.paused.add(org)
        elif rule.of_org:
            work = rule.of_org
            _alone(rule, tally, lambda: work(org), org)  # noqa: B023 - called at once
    with scope(org):
        keeps = windows.kept(Org.objects.get(pk=org))
        asked = [(rule.id, kind) for rule in mine if org not in tallies[rule.id].paused for kind in rule.classes]
        for (name, _), found in zip(asked, _measured([kind for _, kind in asked], keeps), strict=True):
            tallies[name].measured(*found)


def _alone(rule: Rule, tally: Tally, work: Any, org: UUID | None = None) -> None:
    began = monotonic()
    try:
        tally.deleted += work()
    except Braked as braked:
        tally.held += 1
        if org:
            tally.paused.add(org)
        log.warning("Retention of %s is held back for %s: %s", rule.id, org, braked)
    except Exception:  # the rule is an app's own: whatever it meets stops no other rule
        tally.failures += 1
        log.exception("Retention of %s failed for %s", rule.id, org or "the platform")
    tally.seconds += monotonic() - began


def _measured(kinds: Sequence[Class], keeps: timedelta | None) -> list[tuple[datetime | None, int]]:
    """Of each class its oldest moment and how many rows are over due, in one question: there is one for each organization.

    `keeps` is for the classes that name no time of their own.
    """
    if not kinds:
        return []
    late: list[Any] = [(kind.keeps or keeps or timedelta()) + LATE for kind in kinds]
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(map(_question, kinds, count())), late)
        return [(oldest, overdue) for _, oldest, overdue in sorted(cursor.fetchall(), key=itemgetter(0))]


def _question(kind: Class, number: int) -> str:
    model = apps.get_model(kind.model)
    table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001 - Django's documented way to a model's table
    column = f"{table}.{connection.ops.quote_name(kind.column)}"
    mine = f"{table}.org_id = (select current_org())" if issubclass(model, TenantModel) else "true"
    return (
        f"(select {number}, min({column})::timestamptz, count(*) filter (where {column} < vallum_now() - %s) from {table} "  # noqa: S608 - names of models
        f"where {mine} and ({kind.where}))"
    )


def _written(tallies: dict[str, Tally]) -> list[RetentionRun]:
    now = clock.now()
    RetentionRun.objects.filter(at__lt=now - KEPT_FOR).delete()
    rows = [
        RetentionRun(
            rule=name,
            at=now,
            deleted=tally.deleted,
            oldest=tally.oldest,
            overdue=tally.overdue,
            held=tally.held,
            failures=tally.failures,
            milliseconds=round(tally.seconds * 1000),
        )
        for name, tally in tallies.items()
    ]
    for row in rows:
        if row.overdue:
            log.error("%s rows of %s should have gone and are there", row.overdue, row.rule)
    return RetentionRun.objects.bulk_create(rows)


def latest() -> list[RetentionRun]:
    """Of each rule the newest run, in the rules' order."""
    newest = RetentionRun.objects.filter(rule=models.OuterRef("rule")).order_by("-at").values("pk")[:1]
    found = {row.rule: row for row in RetentionRun.objects.filter(pk__in=models.Subquery(newest))}
    return [found[rule.id] for rule in rules() if rule.id in found]


def tables(declared: Iterable[Rule]) -> dict[str, list[Class]]:
    """The classes by model."""
    found: dict[str, list[Class]] = {}
    for rule in declared:
        for kind in rule.classes:
            found.setdefault(kind.model, []).append(kind)
    return found
