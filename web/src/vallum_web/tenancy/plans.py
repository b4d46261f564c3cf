"""The plans as pure values: what each includes and costs, and which one holds for an organization at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class What(StrEnum):
    """What is counted against a plan. The value is the word for many of them."""

    MEMBERS = "members"
    REPOSITORIES = "repositories"
    HOSTS = "hosts"
    CLUSTERS = "clusters"
    CLOUDS = "cloud accounts"


class Period(StrEnum):
    MONTH = "month"
    YEAR = "year"


class Currency(StrEnum):
    EUR = "EUR"
    INR = "INR"


SIGNS: Mapping[Currency, str] = MappingProxyType({Currency.EUR: "€", Currency.INR: "₹"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """For how many days findings are kept that no scan sees any more."""

    least: int
    usual: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an organization may have. A limit of None is any number; `rank` says which of two plans is the greater."""

    id: str
    name: str
    rank: int
    limits: Mapping[What, int | None]
    window: Window
    tokens: int | None
    """Of the AI provider, a month."""
    prices: Mapping[tuple[Currency, Period], int]
    """Of one seat, in hundredths (cents, paise), before tax; empty where nothing is sold by oneself."""
    says: tuple[str, ...]


def _limits(*numbers: int | None) -> Mapping[What, int | None]:
    return MappingProxyType(dict(zip(What, numbers, strict=True)))


def _prices(**monthly: int) -> Mapping[tuple[Currency, Period], int]:
    """A year costs twelve months less a fifth."""
    found = {}
    for currency, month in monthly.items():
        found[Currency(currency), Period.MONTH] = month
        found[Currency(currency), Period.YEAR] = month * 12 * 4 // 5
    return MappingProxyType(found)


EVERY_PLAN = "Two-step sign-in, single sign-on, provisioning, roles, audit log and exports are in every plan."
FREE = Plan(
    id="free",
    name="Free",
    rank=0,
    limits=_limits(3, 5, 3, 1, 1),
    window=Window(least=30, usual=30, most=30),
    tokens=0,
    prices=MappingProxyType({}),
    says=("3 members", "5 repositories", "3 hosts, 1 cluster, 1 cloud account", "findings kept for 30 days"),
)
PRO = Plan(
    id="pro",
    name="Pro",
    rank=1,
    limits=_limits(None, None, 50, 5, 5),
    window=Window(least=30, usual=180, most=730),
    tokens=1_000_000,
    prices=_prices(EUR=29_00, INR=1_900_00),
    says=(
        "as many members as seats",
        "any number of repositories",
        "50 hosts, 5 clusters, 5 cloud accounts",
        "findings kept for 30 to 730 days",
        "1,000,000 AI tokens a month",
    ),
)
ENTERPRISE = Plan(
    id="enterprise",
    name="Enterprise",
    rank=2,
    limits=_limits(None, None, None, None, None),
    window=Window(least=1, usual=180, most=3650),
    tokens=None,
    prices=MappingProxyType({}),
    says=("everything, in any number", "findings kept for 1 to 3,650 days", "by agreement"),
)
PLANS: Mapping[str, Plan] = MappingProxyType({plan.id: plan for plan in (FREE, PRO, ENTERPRISE)})
TRIAL = timedelta(days=14)
KEPT_AFTER = timedelta(days=14)
"""For so long after a plan ended its findings are kept as it kept them: time to think better of it, or to export."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A plan that somebody gave: whoever runs the platform, a trial, a subscription."""

    source: str
    plan: str
    seats: int | None = None
    """How many members; None is what the plan says."""
    until: datetime | None = None
    """From then on it is over; None is no end."""
    read_only_from: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitled:
    """What holds now."""

    plan: Plan
    source: str
    seats: int | None
    until: datetime | None
    read_only: bool
    window: Window
    """The widest of the plans that hold or held in the last 14 days."""

    def limit(self, what: What) -> int | None:
        return self.seats if what is What.MEMBERS else self.plan.limits[what]


def entitle(given: Iterable[Given], now: datetime) -> Entitled:
    """The greatest of what is not over. Nothing given, or all of it over: Free."""
    rows = tuple(given)
    best = _best(rows, now)
    lately = _best([row for row in rows if row.until is None or now < row.until + KEPT_AFTER], None)
    plan = PLANS[best.plan]
    return Entitled(
        plan=plan,
        source=best.source,
        seats=_seats(best),
        until=best.until,
        read_only=_stopped(best, now),
        window=max(plan.window, PLANS[lately.plan].window, key=lambda window: window.most),
    )


def shrinks(given: Iterable[Given], now: datetime) -> tuple[datetime, Window] | None:
    """When findings are kept for less than now because a plan has ended, and as which window keeps them then."""
    rows = tuple(given)
    present = entitle(rows, now).window
    ends = sorted(
        row.until + KEPT_AFTER for row in rows if row.until is not None and row.until <= now < row.until + KEPT_AFTER
    )
    later = ((end, entitle(rows, end).window) for end in ends)
    return next(((end, window) for end, window in later if window.most < present.most), None)


def room(entitled: Entitled, what: What, *, used: int) -> bool:
    """Whether one more fits. Invitations that nobody accepted yet take no seat."""
    most = entitled.limit(what)
    return most is None or used < most


_NOTHING = Given(source="", plan=FREE.id)


def _best(rows: Iterable[Given], now: datetime | None) -> Given:
    """The greatest; of those of one plan the one with more seats. One that is stopped comes after any other that is more than Free."""
    holding = [row for row in rows if now is None or row.until is None or now < row.until]
    return max(holding, key=lambda row: (_more(row) and not _stopped(row, now), *_size(row)), default=_NOTHING)


def _more(row: Given) -> bool:
    return PLANS[row.plan].rank > FREE.rank


def _stopped(row: Given, now: datetime | None) -> bool:
    return now is not None and row.read_only_from is not None and row.read_only_from <= now


def _seats(row: Given) -> int | None:
    return row.seats if row.seats is not None else PLANS[row.plan].limits[What.MEMBERS]


def _size(row: Given) -> tuple[int, float]:
    seats = _seats(row)
    return PLANS[row.plan].rank, float("inf") if seats is None else seats
