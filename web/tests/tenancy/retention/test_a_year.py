"""Four hundred days in one run: nothing is older than its class allows, and nothing goes before its time.

Daily steps, hourly around the edges. `VALLUM_DAYS` walks every day of them (the short form walks those where something ends).
"""

import os
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import making
import psycopg
import pytest
from making import report, secret

from vallum_web.accounts import services as accounts
from vallum_web.accounts.models import SignIn
from vallum_web.findings import services
from vallum_web.findings.models import Finding
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import RequestLog
from vallum_web.tenancy.retention import engine
from vallum_web.tenancy.scope import scope

pytestmark = [pytest.mark.slow, pytest.mark.policy("PP-4a", "PP-4b", "PP-4e", "PP-1.3a", "PP-1.3d")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS = 400
EVERY = "VALLUM_DAYS" in os.environ
# The day before a leap day is among those lived through, whenever the test is run.
START = datetime(2027, 12, 20, 0, 30, tzinfo=UTC)
KEPT = {"findings": 30 * DAY, "sign-ins": 90 * DAY, "requests": 30 * DAY}
BORN = (0, 3, 9, 30, 69, 71, 120, 200, 330) if EVERY else (0, 3, 71, 200)
"""On these days of the four hundred something is written of each class."""


@pytest.fixture
def travel(live_database):
    """Be at so long after the start, by all clocks."""
    began = clock.now()

    def go(after):
        by = START + after - began
        with psycopg.connect(live_database.owner) as link:
            link.execute(
                "insert into vallum_clock (moved) values (%s) on conflict (one) do update set moved = excluded.moved",
                [by],
            )
        return clock.travelled(by)

    return go


def steps():
    """When the run comes: by the day, and each hour from before until after something has to go."""
    ends = {born + kept for born in BORN for kept in (30, 90, 365, 366)}
    days = range(DAYS) if EVERY else sorted({day for end in (*ends, *BORN) for day in (end - 1, end, end + 1)})
    found = {day * DAY for day in days if 0 <= day < DAYS}
    near = ends if EVERY else {born + 30 for born in BORN[:3]} | {BORN[1] + 366}
    return sorted(found | {end * DAY + hour * HOUR for end in near for hour in range(-2, 4) if 0 <= end < DAYS})


def test_nothing_is_older_than_its_class_allows_and_nothing_goes_early(live_database, travel):
    with travel(timedelta()):
        people = making.people()
        accounts.set_plan(people.org, "free", None)
        asset = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    born = {name: {} for name in (*KEPT, "audit")}
    for after in steps():
        with travel(after):
            if after % DAY == timedelta() and after // DAY in BORN:
                write(people, asset, born)
            done = engine.run()
            assert [row for row in done if row.overdue or row.failures or row.held] == []
            now = clock.now()
            for name, there in standing(people.org).items():
                for key, at in born[name].items():
                    if now < ends(name, at):
                        assert key in there, f"{name} of {at} went before its time, at {now}"
                    else:
                        assert key not in there, f"{name} of {at} is there at {now}"


def ends(name, at):
    """Twelve months are a year of the calendar: of the leap day, until the first of March. All else is days."""
    if name in KEPT:
        return at + KEPT[name]
    if (at.month, at.day) == (2, 29):
        return datetime(at.year + 1, 3, 1, tzinfo=UTC)
    return at.replace(year=at.year + 1)


def write(people, asset, born):
    """One of each class, and by which key it is known again."""
    now = clock.now()
    name = f"of {now:%Y-%m-%d}"
    found = report(secret(name))
    row = scans.uploaded(asset, None)
    services.digest(row, found)
    scans.finish(row, found, engine="0.1.0", outcome={})
    born["findings"][f"Example token {name}"] = now
    with scope(people.org.pk, user=people.alice.pk):
        emit("asset.added", subject := uuid4())
    born["audit"][subject] = now
    signed = SignIn.objects.create(
        user=people.alice, at=now, kind="password", address="192.0.2.7", network="192.0.2.0/24"
    )
    born["sign-ins"][signed.pk] = now
    asked = RequestLog.objects.create(
        id=uuid4(),
        at=now,
        method="GET",
        route="start",
        status=200,
        milliseconds=3,
        org=people.org.pk,
        address="192.0.2.7",
    )
    born["requests"][asked.pk] = now


def standing(org):
    with scope(org.pk):
        return {
            "findings": set(Finding.objects.values_list("message", flat=True)),
            "audit": set(Entry.objects.values_list("subject", flat=True)),
            "sign-ins": set(SignIn.objects.values_list("pk", flat=True)),
            "requests": set(RequestLog.objects.values_list("pk", flat=True)),
        }
