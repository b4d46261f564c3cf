"""Reads that lower apps ask for."""

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from vallum_web.tenancy import clock
from vallum_web.tenancy.announcing.models import Announcement, Told

State = Announcement.State


def live(kind: Announcement.Kind) -> Mapping[str, Announcement]:
    """Of this kind, all that holds or will, by what it is about."""
    rows = Announcement.objects.filter(kind=kind, drill=False).exclude(state=State.WITHDRAWN)
    return {row.what: row for row in rows.order_by("made_at")}


def day_of(row: Announcement) -> date:
    """From when on it holds, as far as is known: while people are still being told, not before tomorrow."""
    day = row.day or row.made_at.date()
    return max(day, clock.now().date() + timedelta(days=1)) if row.state == State.TELLING else day


def told(row: Announcement, person: UUID) -> Told | None:
    return Told.objects.filter(announcement=row, person=person).first()


def successor() -> Announcement | None:
    """Who was announced to take over, until they did."""
    rows = Announcement.objects.filter(kind=Announcement.Kind.SUCCESSOR, state__in=(State.TELLING, State.TOLD))
    return rows.order_by("day").first()
