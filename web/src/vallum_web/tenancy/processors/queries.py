"""Whether a sub-processor may get anything today, and why not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings

from vallum_guard.errors import NotForeseen
from vallum_web.tenancy import clock, egress_registry
from vallum_web.tenancy.announcing import queries as announcing
from vallum_web.tenancy.announcing.models import Announcement
from vallum_web.tenancy.egress_registry import Party, Role
from vallum_web.tenancy.processors.area import outside
from vallum_web.tenancy.processors.models import Introduced, Transfer

SOON = timedelta(days=30)
"""So long before it ends, a transfer is warned of."""


def parties() -> list[Party]:
    return [party for party in egress_registry.parties() if party.role is Role.SUB_PROCESSOR]


def used() -> Mapping[str, bool]:
    """Which of them this installation is set up to use themselves, and not by a stand-in."""
    paid = {name: keys.live for name, keys in settings.BILLING.items()}
    return {"resend": settings.MAIL == "resend" and not settings.RESEND_URL, **paid}


def admit(party: Party) -> None:
    """Before anything leaves for it. Raises NotForeseen for a sub-processor whose day has not come, or without a contract."""
    if party.role is not Role.SUB_PROCESSOR:
        return
    today, books = clock.now().date(), _Books()
    begins = books.first_day(party)
    if begins is None or today < begins:
        when = f"for {begins:%Y-%m-%d}" if begins else "for no day"
        raise NotForeseen(f"{party.who} is announced {when}: nothing goes there before.")
    if lacking := books.lacking(party, today):
        raise NotForeseen(
            f"{party.who} is in {', '.join(lacking)}: nothing goes there without a valid entry in the register of transfers "
            "(operators' pages, Sub-processors)."
        )


def register() -> list[Transfer]:
    """All of it, what holds longest first."""
    return list(Transfer.objects.order_by("-expires", "processor", "country"))


def holds(row: Transfer, on: date) -> bool:
    return row.dated <= on < min(row.expires, row.ended_on or row.expires)


class _Books:
    """What is known of sub-processors, read once."""

    def __init__(self) -> None:
        self.transfers = register()
        self._introduced = dict(Introduced.objects.values_list("pk", "announced"))
        self._told = announcing.live(Announcement.Kind.PROCESSOR)

    def first_day(self, party: Party) -> date | None:
        """From when on it may get anything here; None: no day is announced.

        What the first start of an installation found is there from the registry's own day on: nobody was here to be told.
        """
        if not self._introduced or self._introduced.get(party.id) is False:
            return party.since
        told = self._told.get(party.id)
        return announcing.day_of(told) if told else None

    def lacking(self, party: Party, on: date) -> list[str]:
        """Its countries outside of the EEA for which no entry of the register holds on this day."""
        held = {row.country for row in self.transfers if row.processor == party.id and holds(row, on)}
        return [country for country in outside(party.countries) if country not in held]


def bare(found: Iterable[tuple[str, date]]) -> int:
    """How many of these departures, by sub-processor and day, went where nothing let them."""
    books, known = _Books(), {party.id: party for party in parties()}
    return sum(bool(books.lacking(known[name], day)) for name, day in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A sub-processor as it stands today."""

    party: Party
    used: bool
    since: date | None
    outside: tuple[str, ...]
    transfers: Sequence[Transfer]
    lacking: Sequence[str]
    ends_soon: bool
    """What lets data go there ends within 30 days, and nothing follows it."""


def standing() -> list[Standing]:
    today, here, books = clock.now().date(), used(), _Books()
    return [
        Standing(
            party=party,
            used=bool(here.get(party.id)),
            since=books.first_day(party),
            outside=outside(party.countries),
            transfers=[row for row in books.transfers if row.processor == party.id and holds(row, today)],
            lacking=books.lacking(party, today),
            ends_soon=bool(books.lacking(party, today + SOON)) and not books.lacking(party, today),
        )
        for party in parties()
    ]
