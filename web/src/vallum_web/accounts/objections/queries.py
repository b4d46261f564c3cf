"""Whether a person objects: asked where something would be written, not where it is read."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db.models import Q

from vallum_web.accounts.objections.models import Objection, Purpose, Restriction
from vallum_web.tenancy.requestlog.signal import Headers, asks_not_to_be_followed


class HasHeaders(Protocol):
    """A request, as far as it is asked here."""

    @property
    def headers(self) -> Headers: ...


def objects(person: UUID | None, purpose: Purpose, request: HasHeaders | None = None) -> bool:
    """Whether this may not be done with data on the person: they object, all of it is restricted, or their browser says no.

    Global Privacy Control, and Do Not Track, speak for whoever sits there, signed in or not: of usage nothing is kept that leads to them.
    """
    if request is not None and purpose != Purpose.NEWS and signalled(request):
        return True
    return person is not None and (restricted(person) or purpose in open_objections(person))


def signalled(request: HasHeaders) -> bool:
    return asks_not_to_be_followed(request.headers)


def open_objections(person: UUID) -> set[str]:
    return set(Objection.objects.filter(person=person, ended_at=None).values_list("purpose", flat=True))


def restricted(person: UUID) -> bool:
    return Restriction.objects.filter(person=person, ended_at=None).exists()


def objecting(purpose: Purpose, since: datetime) -> frozenset[UUID]:
    """Whoever objects to it, or has all of it restricted, now or at any moment since."""
    lately = Q(ended_at=None) | Q(ended_at__gt=since)
    said = Objection.objects.filter(lately, purpose=purpose).values_list("person", flat=True)
    return frozenset(said) | frozenset(Restriction.objects.filter(lately).values_list("person", flat=True))


def history(person: UUID) -> list[Objection]:
    """The newest first."""
    return list(Objection.objects.filter(person=person).order_by("-since", "-id"))
