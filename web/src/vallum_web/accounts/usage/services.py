"""Writes: counting the hours of the request log, one after the other, each as often as it takes."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from vallum_web.accounts.models import User
from vallum_web.accounts.objections.models import Purpose
from vallum_web.accounts.objections.queries import objecting
from vallum_web.accounts.usage import counting, published, queries
from vallum_web.accounts.usage.models import (
    CountedHour,
    DeviceCounter,
    FeatureTotal,
    OutsideCounter,
    PersonUse,
    ScreenBucket,
    UsageCounter,
)
from vallum_web.tenancy import clock, jobs, lookups
from vallum_web.tenancy.requestlog import services as requestlog
from vallum_web.tenancy.scope import scope

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OF_PEOPLE_KEPT_FOR = timedelta(days=30)
KEPT_FOR = timedelta(days=760)
"""Twenty-five months."""
AT_ONCE = 2_000
SETTLING = timedelta(minutes=2)
"""So long after an hour its last rows are in the log: a process writes them once a second, and again where that failed."""


def count_due() -> int:
    """Count every hour that is over and not counted. Says how many those were."""
    hours = list(_due(clock.now() - SETTLING))
    for hour in hours:
        _count(hour)
    return len(hours)


def _due(now: datetime) -> Iterator[datetime]:
    last = CountedHour.objects.order_by("-hour").values_list("hour", flat=True).first()
    over = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hour = max(last + HOUR, over - requestlog.KEPT_FOR) if last else over - HOUR
    while hour < over:
        yield hour
        hour += HOUR


def _count(hour: datetime) -> None:
    """Twice is the same as once: what was there of this hour and of its day is replaced."""
    began, seen = time.monotonic(), _Seen()
    against = objecting(Purpose.USAGE, hour) | objecting(Purpose.AGGREGATES, hour)
    found = counting.lines(seen.through(_requests(hour, hour + HOUR)), against)
    outside = found.pop(None, Counter())
    # Of an organization whose requests are all of people who objected meanwhile, what was written goes.
    for org in jobs.staying(sorted(seen.orgs.intersection(lookups.all_orgs()))):
        with scope(org):
            UsageCounter.objects.of(org).filter(hour=hour).delete()
            UsageCounter.objects.bulk_create(
                UsageCounter(org_id=org, hour=hour, n=n, **line._asdict()) for line, n in found[org].items()
            )
    _count_day(hour.date(), hour + HOUR)
    with transaction.atomic():
        OutsideCounter.objects.filter(hour=hour).delete()
        OutsideCounter.objects.bulk_create(
            OutsideCounter(hour=hour, n=n, **line._asdict()) for line, n in outside.items()
        )
        CountedHour.objects.update_or_create(
            hour=hour,
            defaults={
                "requests": seen.requests,
                "milliseconds": round((time.monotonic() - began) * 1000),
            },
        )


def _count_day(day: date, until: datetime) -> None:
    """The day as far as it has come. Whoever objected at any moment of it has no row of it."""
    since = datetime(day.year, day.month, day.day, tzinfo=UTC)
    uses, classes = counting.of_day(
        _requests(since, until), use=objecting(Purpose.USAGE, since), aggregates=objecting(Purpose.AGGREGATES, since)
    )
    there = set(User.objects.filter(pk__in={person for person, _ in uses}).values_list("pk", flat=True))
    with transaction.atomic():
        PersonUse.objects.filter(day=day).delete()
        PersonUse.objects.bulk_create(
            PersonUse(person=person, day=day, feature=feature, n=n)
            for (person, feature), n in uses.items()
            if person in there
        )
        DeviceCounter.objects.filter(day=day).delete()
        DeviceCounter.objects.bulk_create(
            DeviceCounter(day=day, orgs=orgs, n=n, **mine._asdict()) for mine, (orgs, n) in classes.items()
        )
        # Whoever says no is not asked a second time about what was written before.
        PersonUse.objects.filter(person__in=objecting(Purpose.USAGE, clock.now())).delete()


class _Seen:
    """What went by on the way to the counters."""

    def __init__(self) -> None:
        self.orgs: set[UUID] = set()
        self.requests = 0

    def through(self, rows: Iterable[counting.Requests]) -> Iterator[counting.Requests]:
        for row in rows:
            self.requests += row.n
            if row.org:
                self.orgs.add(row.org)
            yield row


def _requests(since: datetime, until: datetime) -> Iterator[counting.Requests]:
    """Some at a time: whoever sends what they like as the name of their browser makes as many rows as requests."""
    names = ("org", "person", "private", "route", "status_class", "agent", "n")
    with transaction.atomic(), closing(connection.chunked_cursor()) as cursor:
        cursor.execute(f"select {', '.join(names)} from usage_requests(%s, %s)", [since, until])  # noqa: S608 - names of the line above
        while rows := cursor.fetchmany(AT_ONCE):
            yield from (counting.Requests(**dict(zip(names, row, strict=True))) for row in rows)


def forget(person: UUID) -> None:
    """What is kept of a person's own use, at their word."""
    PersonUse.objects.filter(person=person).delete()


def saw(bucket: ScreenBucket.Bucket) -> None:
    """One more sign-in page was looked at in a window of this size."""
    row = ScreenBucket(day=clock.now().date(), bucket=bucket, n=1)
    with transaction.atomic():
        if not ScreenBucket.objects.filter(day=row.day, bucket=bucket).update(n=F("n") + 1):
            made = ScreenBucket.objects.bulk_create([row], ignore_conflicts=True)
            if made and not ScreenBucket.objects.filter(pk=row.pk).exists():
                ScreenBucket.objects.filter(day=row.day, bucket=bucket).update(n=F("n") + 1)


def publish() -> None:
    """Add up over all organizations what each did in thirty days; what leads to one of them is not written down."""
    by_feature: dict[str, dict[UUID, int]] = {}
    for org in lookups.all_orgs():
        with scope(org):
            for feature, n in queries.features(org, clock.now()):
                by_feature.setdefault(feature, {})[org] = n
    told = {feature: published.over_orgs(counts) for feature, counts in by_feature.items()}
    with transaction.atomic():
        FeatureTotal.objects.all().delete()
        FeatureTotal.objects.bulk_create(
            FeatureTotal(feature=feature, at=clock.now(), orgs=figure.orgs, n=figure.n)
            for feature, figure in sorted(told.items())
            if figure
        )


def prune_org(org: UUID) -> int:
    with scope(org):
        gone: int = UsageCounter.objects.of(org).filter(hour__lt=clock.now() - KEPT_FOR).delete()[0]
        return gone


def prune_people() -> int:
    return PersonUse.objects.filter(day__lte=(clock.now() - OF_PEOPLE_KEPT_FOR).date()).delete()[0]


def prune_totals() -> int:
    before = clock.now() - KEPT_FOR
    gone = OutsideCounter.objects.filter(hour__lt=before).delete()[0]
    gone += CountedHour.objects.filter(hour__lt=before).delete()[0]
    gone += DeviceCounter.objects.filter(day__lt=before.date()).delete()[0]
    return gone + ScreenBucket.objects.filter(day__lt=before.date()).delete()[0]
