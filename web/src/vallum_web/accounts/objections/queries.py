"""Whether a person objects: asked where something would be written, not where it is read."""

from typing import Protocol
from uuid import UUID

from vallum_web.accounts.objections.models import Objection, Purpose, Restriction


class HasHeaders(Protocol):
    """A request, as far as it is asked here."""

    @property
    def headers(self) -> "Headers": ...


class Headers(Protocol):
    def get(self, name: str, /) -> str | None: ...


def objects(person: UUID | None, purpose: Purpose, request: HasHeaders | None = None) -> bool:
    """Whether this may not be done with data on the person: they object, all of it is restricted, or their browser says no.

    Global Privacy Control speaks for whoever sits there, signed in or not: of usage nothing is kept that leads to them.
    """
    if request is not None and purpose != Purpose.NEWS and signalled(request):
        return True
    return person is not None and (restricted(person) or purpose in open_objections(person))


def signalled(request: HasHeaders) -> bool:
    """Global Privacy Control (https://w3c.github.io/gpc/): only `1` means anything."""
    return request.headers.get("Sec-GPC") == "1"


def open_objections(person: UUID) -> set[str]:
    return set(Objection.objects.filter(person=person, ended_at=None).values_list("purpose", flat=True))


def restricted(person: UUID) -> bool:
    return Restriction.objects.filter(person=person, ended_at=None).exists()


def history(person: UUID) -> list[Objection]:
    """The newest first."""
    return list(Objection.objects.filter(person=person).order_by("-since", "-id"))
