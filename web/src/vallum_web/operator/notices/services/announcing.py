"""An announcement is made, and may be withdrawn before its day. What it takes to tell everybody is `telling`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from vallum_web.accounts.legal.documents import Version
from vallum_web.operator.notices import queries
from vallum_web.tenancy import clock
from vallum_web.tenancy.announcing.days import begins, first_day
from vallum_web.tenancy.announcing.models import Announcement, Step
from vallum_web.tenancy.jobs import SLOW, enqueue_alone

TELL = "operator_notices.tell"
AGAIN = timedelta(hours=1)
"""So long after it was made, the same once more is a second click."""
Kind, State = Announcement.Kind, Announcement.State


class NotNowError(ValueError):
    """What cannot be done; the message says why, and what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants told. `reason`: which duty of the law leaves less than thirty days."""

    day: date
    lines: Sequence[str]
    reason: str = ""


def announce_version(by: UUID, version: Version, asked: Asked) -> Announcement:
    """The text is in this release; from its day on it holds. Raises NotNowError."""
    if asked.day < version.since:
        raise NotNowError(f"This text may hold from {version.since:%Y-%m-%d} on, and no sooner.")
    former = queries.before(version)
    said: dict[str, Any] = {"document": f"The {version.document.heading.lower()}", "lines": list(asked.lines)}
    said |= {"before": former.number if former else None}
    return _announce(Kind.POLICY, version.name, said, asked, by)


def announce_successor(by: UUID, name: str, contact: str, asked: Asked) -> Announcement:
    """Somebody else is to run this platform. No law makes that urgent: never at less than thirty days. Raises NotNowError."""
    said = {"name": name, "contact": contact, "lines": list(asked.lines)}
    return _announce(Kind.SUCCESSOR, Kind.SUCCESSOR.value, said, asked, by)


def announce_processor(what: str, said: dict[str, Any], day: date) -> Announcement:
    """A release brought it. Raises NotNowError."""
    return _announce(Kind.PROCESSOR, what, said, Asked(day=day, lines=()), None)


def write_to_all(by: UUID, title: str, lines: Sequence[str], *, drill: bool) -> Announcement:
    """One letter to everybody, at once; as a drill, to nobody. Raises NotNowError."""
    said = {"title": title, "lines": list(lines)}
    with transaction.atomic():
        if not drill:
            _demand_new(Kind.LETTER, said)
        row = Announcement.objects.create(
            kind=Kind.LETTER, what=Kind.LETTER.value, said=said, drill=drill, by=by, made_at=clock.now()
        )
        note(row, "A drill was begun: nobody is told." if drill else "A letter to everybody was written.", by)
        begin(row)
    return row


def _announce(kind: Announcement.Kind, what: str, said: dict[str, Any], asked: Asked, by: UUID | None) -> Announcement:
    now = clock.now()
    first = first_day(now)
    if asked.day < first and not asked.reason:
        raise NotNowError(
            f"Everybody has to know it 30 days ahead: the first day that leaves them is {first:%Y-%m-%d}."
        )
    if begins(asked.day) <= now:
        raise NotNowError("The day has to be one to come.")
    try:
        with transaction.atomic():
            if kind == Kind.SUCCESSOR:
                _demand_new(kind, said)
            row = Announcement.objects.create(
                kind=kind,
                what=what,
                said=said,
                day=asked.day,
                first_day=asked.day,
                reason=asked.reason if asked.day < first else "",
                by=by,
                made_at=now,
            )
            note(row, f"Announced for {asked.day:%Y-%m-%d}.", by)
            if row.reason:
                note(row, f"An exception, at less than 30 days of notice: {row.reason}", by)
            begin(row)
    except IntegrityError:
        raise NotNowError("It is announced already.") from None
    return row


def _demand_new(kind: Announcement.Kind, said: dict[str, Any]) -> None:
    """Of two clicks at once the second waits for the first, and finds it. Raises NotNowError."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"announcing {kind}"])
    lately = Q(made_at__gt=clock.now() - AGAIN) | Q(state__in=[State.TELLING, State.TOLD])
    rows = Announcement.objects.exclude(state=State.WITHDRAWN).filter(lately, kind=kind, said=said, drill=False)
    if rows.exists():
        raise NotNowError("The same is being told already, or was within the last hour: nobody is told twice.")


def withdraw(key: UUID, by: UUID, why: str) -> None:
    """Before its day. Raises NotNowError."""
    with transaction.atomic():
        row = Announcement.objects.select_for_update().get(pk=key)
        if row.state not in {State.TELLING, State.TOLD} or row.day is None or begins(row.day) <= clock.now():
            raise NotNowError("Only what is announced and has not begun can be withdrawn.")
        row.state = State.WITHDRAWN
        row.save(update_fields=["state"])
        note(row, f"Withdrawn: {why}", by)


def begin(row: Announcement) -> None:
    """Have it told; asked for twice, it is told once."""
    enqueue_alone(TELL, lock=f"announcement {row.pk}", queue=SLOW, announcement=str(row.pk))


def note(row: Announcement, what: str, by: UUID | None = None) -> None:
    Step.objects.create(announcement=row, at=clock.now(), by=by, what=what[:600])
