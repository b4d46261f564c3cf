"""What left, read from the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from django.db.models import Count, Max, Q, Sum
from django.http import QueryDict

from vallum_web.tenancy import egress_registry
from vallum_web.tenancy.egress_registry import Party
from vallum_web.tenancy.models import Departure, Org, OrgQuerySet, PlatformDeparture

RECENT: Final = timedelta(days=30)
"""What totals cover: they read every row of it."""
_FIGURES: Final = ("departures", "refused", "sent", "received", "last")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks to see of the ledger; empty is everything."""

    party: str = ""
    purpose: str = ""

    @classmethod
    def parse(cls, asked: QueryDict) -> Self:
        return cls(party=_word(asked.get("party", "")).lower(), purpose=_word(asked.get("purpose", "")))

    def __bool__(self) -> bool:
        return bool(self.party or self.purpose)


def _word(text: str) -> str:
    return "" if "\0" in text else text.strip()[:253]


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A party of the registry, and what it got lately. `sent` and `received` are bytes."""

    party: Party
    departures: int = 0
    refused: int = 0
    sent: int = 0
    received: int = 0
    last: datetime | None = None


def departures(org: Org, wanted: Wanted) -> OrgQuerySet[Departure]:
    rows = Departure.objects.of(org)
    if wanted.party:
        rows = rows.filter(party=wanted.party)
    return rows.filter(purpose=wanted.purpose) if wanted.purpose else rows


def totals(org: Org, now: datetime) -> Sequence[Total]:
    """Every party of the registry, whether or not anything went there in the last 30 days.

    What the platform fetched for everybody counts where no organization's own departures go: a purpose has one entry.
    """
    numbers = {
        row["entry"]: row
        for rows in (Departure.objects.of(org), PlatformDeparture.objects.all())
        for row in rows.filter(at__gt=now - RECENT)
        .values("entry")
        .order_by()
        .annotate(
            departures=Count("id", filter=Q(ok=True)),
            refused=Count("id", filter=Q(ok=False)),
            sent=Sum("sent"),
            received=Sum("received"),
            last=Max("at"),
        )
    }
    return [_total(party, numbers.get(party.id)) for party in egress_registry.parties()]


def _total(party: Party, row: Mapping[str, Any] | None) -> Total:
    return Total(party=party, **{key: row[key] for key in _FIGURES}) if row else Total(party=party)
