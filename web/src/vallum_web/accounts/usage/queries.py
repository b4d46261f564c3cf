"""Reads: of a person for themselves, of an organization for its owners, of all together for whoever runs the platform."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Sum
from django.db.models.functions import TruncDate

from vallum_web.accounts.person.devices import Kind
from vallum_web.accounts.usage import published
from vallum_web.accounts.usage.counting import WORKED
from vallum_web.accounts.usage.features import feature
from vallum_web.accounts.usage.models import (
    CountedHour,
    DeviceCounter,
    FeatureTotal,
    OutsideCounter,
    PersonUse,
    ScreenBucket,
    UsageCounter,
)
from vallum_web.tenancy.models import Org

SHOWN = timedelta(days=30)
CLIENTS = {
    Kind.COMPUTER: "Computers",
    Kind.PHONE: "Phones",
    Kind.TABLET: "Tablets",
    Kind.PROGRAM: "Programs",
    Kind.BOT: "Bots",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One line of a table with a bar: how many, and how long the bar is, of a hundred."""

    name: str
    n: int
    bar: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OfOrg:
    """What an organization's owners see of its use in thirty days."""

    features: Sequence[Share]
    clients: Sequence[Share]
    days: Sequence[date]
    people: Sequence[int]
    machines: Sequence[int]
    failed: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Hours of the log of requests that were counted, and what that took."""

    hours: int
    last: datetime | None
    requests: int
    longest: int
    """Milliseconds."""


def of_person(person: UUID) -> Sequence[Share]:
    """What is kept of a person's use, the most used first."""
    found = PersonUse.objects.filter(person=person).values("feature").annotate(n=Sum("n"))
    return _shares({row["feature"]: row["n"] for row in found})


def days_of_person(person: UUID) -> Sequence[PersonUse]:
    return list(PersonUse.objects.filter(person=person).order_by("-day", "-n", "feature"))


def features(org: Org | UUID, now: datetime) -> list[tuple[str, int]]:
    """How often each feature was used in thirty days: what worked."""
    found: Counter[str] = Counter()
    lately = UsageCounter.objects.of(org).filter(hour__gt=now - SHOWN, status_class__in=WORKED)
    for row in lately.values("route").annotate(total=Sum("n")):
        found[feature(row["route"])] += row["total"]
    return sorted(found.items())


def of_org(org: Org, now: datetime) -> OfOrg:
    lately = UsageCounter.objects.of(org).filter(hour__gt=now - SHOWN)
    by_client = {row["client"]: row["total"] for row in lately.values("client").annotate(total=Sum("n"))}
    days = [now.date() - timedelta(days=back) for back in range(SHOWN.days - 1, -1, -1)]
    people, machines = Counter[date](), Counter[date]()
    for row in lately.annotate(day=TruncDate("hour")).values("day", "client").annotate(total=Sum("n")):
        (machines if row["client"] in {Kind.PROGRAM, Kind.BOT} else people)[row["day"]] += row["total"]
    return OfOrg(
        features=_shares(dict(features(org, now))),
        clients=_shares({words: by_client.get(kind.value, 0) for kind, words in CLIENTS.items()}),
        days=days,
        people=[people[day] for day in days],
        machines=[machines[day] for day in days],
        failed=lately.filter(status_class=5).aggregate(total=Sum("n"))["total"] or 0,
        total=sum(by_client.values()),
    )


def totals() -> Sequence[FeatureTotal]:
    """What is told of all organizations together; it was rounded when it was written."""
    return list(FeatureTotal.objects.order_by("-n", "feature"))


def devices(now: datetime) -> Sequence[Share]:
    """Classes of devices in thirty days that enough organizations have, rounded."""
    lately = DeviceCounter.objects.filter(day__gt=(now - SHOWN).date()).values("browser", "system")
    found = lately.annotate(total=Sum("n"), most=Max("orgs")).filter(most__gte=published.FEWEST)
    return _shares({_called(row["browser"], row["system"]): published.rounded(row["total"]) for row in found})


def _called(browser: str, system: str) -> str:
    return f"{browser} on {system}" if system else browser


def screens(now: datetime) -> Sequence[Share]:
    """Sizes of windows, rounded."""
    lately = ScreenBucket.objects.filter(day__gt=(now - SHOWN).date())
    found = {row["bucket"]: row["total"] for row in lately.values("bucket").annotate(total=Sum("n"))}
    return [
        share
        for share in _shares({b.label: published.rounded(found.get(b.value, 0)) for b in ScreenBucket.Bucket})
        if share.n
    ]


def outside(now: datetime) -> Sequence[Share]:
    """Parts of the site that belong to no organization, in thirty days: what worked, rounded."""
    found: Counter[str] = Counter()
    lately = OutsideCounter.objects.filter(hour__gt=now - SHOWN, status_class__in=WORKED)
    for row in lately.values("route").annotate(total=Sum("n")):
        found[feature(row["route"])] += row["total"]
    return [share for share in _shares({name: published.rounded(n) for name, n in found.items()}) if share.n]


def counted(now: datetime) -> Work:
    """What counting itself took in thirty days."""
    lately = CountedHour.objects.filter(hour__gt=now - SHOWN)
    found = lately.aggregate(hours=Count("pk"), last=Max("hour"), requests=Sum("requests"), longest=Max("milliseconds"))
    return Work(**{**found, "requests": found["requests"] or 0, "longest": found["longest"] or 0})


def _shares(counts: dict[str, int]) -> Sequence[Share]:
    most = max(counts.values(), default=0) or 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Share(name=name, n=n, bar=round(100 * n / most, 1)) for name, n in ranked if n]
