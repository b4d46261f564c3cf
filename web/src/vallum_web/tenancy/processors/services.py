"""Writes of the register of transfers, and of which sub-processors are known."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from vallum_web.tenancy import clock
from vallum_web.tenancy.egress_registry import Party
from vallum_web.tenancy.processors import queries
from vallum_web.tenancy.processors.area import outside
from vallum_web.tenancy.processors.models import Introduced, Transfer


class NotATransferError(ValueError):
    """The message says what does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What an operator states about a transfer."""

    processor: str
    country: str
    mechanism: str
    assessment: str
    dated: date
    expires: date
    module: str = ""
    dpf: bool = False


def enter(stated: Stated, by: UUID | None) -> Transfer:
    """Raises NotATransferError."""
    party = next((each for each in queries.parties() if each.id == stated.processor), None)
    if party is None:
        known = ", ".join(each.id for each in queries.parties())
        raise NotATransferError(f"{stated.processor!r} is no sub-processor; these are: {known}.")
    if stated.country not in outside(party.countries):
        places = ", ".join(outside(party.countries)) or "none outside of the EU"
        raise NotATransferError(f"{party.who} processes nothing in {stated.country}; its countries: {places}.")
    if stated.expires <= max(stated.dated, clock.now().date()):
        raise NotATransferError("It has to end after it begins, and after today.")
    is_clauses = stated.mechanism == Transfer.Mechanism.CLAUSES
    if is_clauses is not (stated.module in {"1", "2", "3", "4"}):
        raise NotATransferError("The clauses have a module, 1 to 4, and nothing else has one.")
    return Transfer.objects.create(
        processor=stated.processor,
        country=stated.country,
        mechanism=Transfer.Mechanism(stated.mechanism),
        module=stated.module,
        dpf=stated.dpf or stated.mechanism == Transfer.Mechanism.FRAMEWORK,
        assessment=stated.assessment,
        dated=stated.dated,
        expires=stated.expires,
        made_at=clock.now(),
        by=by,
    )


def end(key: UUID) -> bool:
    """From today on it lets nothing go any more, as when a court strikes down what it rests on."""
    return bool(Transfer.objects.filter(pk=key, ended_on=None).update(ended_on=clock.now().date()))


def introduce(found: Iterable[Party], *, announced: Collection[str]) -> None:
    Introduced.objects.bulk_create(
        [Introduced(id=party.id, seen_at=clock.now(), announced=party.id in announced) for party in found],
        ignore_conflicts=True,
    )
