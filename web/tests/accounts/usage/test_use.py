"""How the platform is used, from the request log to the pages: who objects leaves no row, and nothing is counted twice."""

from datetime import timedelta
from uuid import uuid4

import making
import pytest
from django.db import connection
from django.test import Client

from vallum_web.accounts.models import Operator
from vallum_web.accounts.objections import services as objections
from vallum_web.accounts.objections.models import Purpose
from vallum_web.accounts.usage import figures, queries, services
from vallum_web.accounts.usage.models import (
    CountedHour,
    DeviceCounter,
    FeatureTotal,
    OutsideCounter,
    PersonUse,
    ScreenBucket,
    UsageCounter,
)
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import RequestLog
from vallum_web.tenancy.requestlog.buffer import BUFFER
from vallum_web.tenancy.retention import engine
from vallum_web.tenancy.scope import person, scope

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def midday():
    """Nothing is waiting to be written, and it is half past twelve: the hour before is over, has settled, and is of today."""
    BUFFER._rows.clear()
    with at(half_past_twelve()):
        yield


def half_past_twelve():
    return clock.now().replace(hour=12, minute=30, second=0, microsecond=0)


def at(moment):
    return clock.travelled(by=moment - clock.now())


def hour_ago():
    return clock.now().replace(minute=30, second=0, microsecond=0) - HOUR


def asked(times=1, **values):
    """So many requests of the hour before this one, as the log has them."""
    facts = {"method": "GET", "route": "findings:worklist", "status": 200, "milliseconds": 1, "at": hour_ago()}
    for _ in range(times):
        BUFFER.add(RequestLog(**{**facts, "id": uuid4(), "address": "192.0.2.7", "agent": FIREFOX, **values}))
    BUFFER.flush()


def counted(org):
    with scope(org.pk):
        rows = UsageCounter.objects.of(org)
        return sorted((row.route, row.status_class, row.client, row.n) for row in rows)


def uses():
    return sorted((row.person, row.feature, row.n) for row in PersonUse.objects.all())


@pytest.mark.policy("PP-1.3b", "PP-7c")
def test_an_hour_is_counted_once_however_often_the_job_runs(people):
    asked(3, org=people.org.pk, person=people.bob.pk)
    asked(2, org=people.org.pk, token=uuid4(), route="api:list_findings", agent="vallum/0.1")
    asked(org=people.elsewhere.pk, person=people.charlie.pk, status=500)
    asked(route="account_login", status=302)
    asked(org=people.org.pk, person=people.bob.pk, at=clock.now())
    assert services.count_due() == 1
    assert services.count_due() == 0
    CountedHour.objects.all().delete()
    assert services.count_due() == 1
    assert counted(people.org) == [("api:list_findings", 2, "program", 2), ("findings:worklist", 2, "computer", 3)]
    assert counted(people.elsewhere) == [("findings:worklist", 5, "computer", 1)]
    assert [(row.route, row.status_class, row.n) for row in OutsideCounter.objects.all()] == [("account_login", 3, 1)]
    assert uses() == [(people.bob.pk, "Findings", 3)]
    assert {(row.browser, row.orgs, row.n) for row in DeviceCounter.objects.all()} == {
        ("Firefox", 2, 5),
        ("vallum", 1, 2),
    }
    assert CountedHour.objects.get().requests == 7


@pytest.mark.policy("PP-6e", "PP-1.3b")
def test_who_objects_and_who_asks_not_to_be_followed_leaves_no_row(people, signed_in):
    for headers in ({}, {"Sec-GPC": "1"}, {"DNT": "1"}):
        browser = signed_in(people.bob)
        browser.get("/acme/findings/", headers=headers)
    for row in BUFFER._rows:
        row.at = hour_ago()
    assert [row.private for row in BUFFER._rows] == [False, True, True]
    BUFFER.flush()
    asked(4, org=people.org.pk, person=people.alice.pk)
    services.count_due()
    assert uses() == sorted([(people.alice.pk, "Findings", 4), (people.bob.pk, "Findings", 1)])
    assert sum(n for *_, n in counted(people.org)) == 7
    # From the moment of the objection on what was written is gone, and a count of the same day writes it no more.
    signed_in(people.alice).post("/accounts/privacy/objections/", {"purposes": ["usage"]})
    assert uses() == [(people.bob.pk, "Findings", 1)]
    CountedHour.objects.all().delete()
    services.count_due()
    assert uses() == [(people.bob.pk, "Findings", 1)]
    # Nor is who objects in their organization's figures: what is left is of the other.
    assert sum(n for *_, n in counted(people.org)) == 3
    # Taken back, the hours in which it held stay uncounted.
    objections.settle(people.alice, [])
    CountedHour.objects.all().delete()
    services.count_due()
    assert uses() == [(people.bob.pk, "Findings", 1)]
    assert sum(n for *_, n in counted(people.org)) == 3
    # Whoever objects to totals is in none; neither is anybody whose data are restricted.
    objections.settle(people.alice, [Purpose.AGGREGATES])
    objections.restrict(people.bob.pk, "disputed")
    CountedHour.objects.all().delete()
    services.count_due()
    assert (counted(people.org), uses()) == ([], [])
    assert figures.counted_in_spite() == 0


@pytest.mark.policy("PP-6e")
def test_the_figure_sees_a_use_that_was_counted_in_spite_of_an_objection(people):
    objections.settle(people.bob, [Purpose.USAGE])
    later = clock.now().date() + timedelta(days=1)
    PersonUse.objects.create(person=people.bob.pk, day=later, feature="Findings", n=1)
    PersonUse.objects.create(person=people.alice.pk, day=later, feature="Findings", n=1)
    assert figures.counted_in_spite() == 1


@pytest.mark.policy("PP-1.3b", "PP-7c")
def test_what_leads_to_a_person_goes_after_thirty_days_and_totals_after_25_months(people):
    now = clock.now()
    for days in (0, 29, 30, 31, 700, 800):
        day = now - timedelta(days=days)
        PersonUse.objects.create(person=people.bob.pk, day=day.date(), feature="Findings", n=1)
        ScreenBucket.objects.create(day=day.date(), bucket="small", n=1)
        with scope(people.org.pk):
            UsageCounter.objects.create(
                org=people.org, hour=day, route="findings:worklist", status_class=2, client="phone", n=1
            )
    assert figures.oldest_use() == 800
    with at(engine.database_now()):
        done = {row.rule: row for row in engine.run()}
    assert [done[name].deleted for name in ("use-of-people", "use-of-organizations", "use-in-total")] == [4, 1, 1]
    assert [row for row in done.values() if row.overdue or row.failures] == []
    assert figures.oldest_use() <= 30
    assert ScreenBucket.objects.count() == 5


def test_an_hour_is_not_counted_before_its_last_rows_are_in_the_log(people):
    asked(org=people.org.pk, person=people.bob.pk)
    over = half_past_twelve().replace(minute=0)
    CountedHour.objects.create(hour=over - 2 * HOUR, requests=0, milliseconds=0)
    with at(over + services.SETTLING - timedelta(seconds=30)):
        assert services.count_due() == 0
    with at(over + services.SETTLING + timedelta(seconds=1)):
        assert services.count_due() == 1
    assert uses() == [(people.bob.pk, "Findings", 1)]


def test_what_was_missed_is_made_up_for(people):
    for hours in (3, 2, 1):
        asked(org=people.org.pk, at=hour_ago() - (hours - 1) * HOUR)
    CountedHour.objects.create(hour=hour_ago().replace(minute=0) - 3 * HOUR, requests=0, milliseconds=0)
    assert services.count_due() == 3
    with scope(people.org.pk):
        assert UsageCounter.objects.of(people.org).values("hour").distinct().count() == 3


@pytest.mark.policy("PP-7c", "PP-Q2")
def test_operators_see_what_five_organizations_did_and_nothing_of_four(people, signed_in):
    made = [people.org, people.elsewhere]
    for number in range(3):
        somebody = making.person(f"owner{number}@example.test")
        made.append(making.services.found(f"Org {number}", f"org-{number}", somebody))
    for org in made:
        asked(20, org=org.pk)
    for org in made[:4]:
        asked(20, org=org.pk, route="gates:index", agent="curl/8.5.0")
    asked(40, route="account_login")
    services.count_due()
    services.publish()
    assert [(row.feature, row.orgs, row.n) for row in FeatureTotal.objects.all()] == [("Findings", 5, 100)]
    assert figures.fewest_organizations() == 5
    assert [(share.name, share.n) for share in queries.devices(clock.now())] == [("Firefox on Linux", 140)]
    assert signed_in(people.alice).get("/operator/usage/").status_code == 404
    Operator.objects.create(user=people.alice)
    page = signed_in(people.alice).get("/operator/usage/")
    assert "Findings" in page.content.decode()
    assert [(share.name, share.n) for share in page.context["outside"]] == [("Signing in", 40)]
    assert (page.context["counted"].hours, page.context["counted"].requests) == (1, 220)
    assert "Signing in" in page.content.decode()
    assert ">220<" in page.content.decode()
    assert "Gates" not in page.content.decode()
    assert "curl" not in page.content.decode()


@pytest.mark.policy("PP-1.3b")
def test_a_person_sees_their_own_use_and_an_owner_the_organization_s(people, signed_in):
    asked(12, org=people.org.pk, person=people.bob.pk)
    asked(7, org=people.elsewhere.pk, person=people.charlie.pk, route="gates:index")
    services.count_due()
    mine = signed_in(people.bob).get("/accounts/privacy/use/").content.decode()
    assert ("Findings" in mine, ">12<" in mine, "Gates</td>" in mine) == (True, True, False)
    other = signed_in(people.alice).get("/accounts/privacy/use/").content.decode()
    assert "Nothing is kept of your use" in other
    owners = signed_in(people.alice).get("/acme/settings/usage/").content.decode()
    assert (">12<" in owners, "bob" in owners.lower(), "Gates</td>" in owners) == (True, False, False)
    assert signed_in(people.bob).get("/acme/settings/usage/").status_code == 403


@pytest.mark.policy("PP-1.3c")
class TestScreens:
    def test_a_window_is_one_of_three_sizes_and_nobody_s(self, db):
        for bucket, times in (("small", 1), ("large", 3)):
            for _ in range(times):
                answer = Client().get(f"/accounts/screen/{bucket}.svg")
                assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
                assert not answer.cookies
        assert {row.bucket: row.n for row in ScreenBucket.objects.all()} == {"small": 1, "large": 3}
        assert list(BUFFER._rows) == []
        assert {field.name for field in ScreenBucket._meta.fields} == {"id", "day", "bucket", "n"}

    def test_who_asks_not_to_be_followed_is_not_counted(self, db):
        assert Client().get("/accounts/screen/small.svg", headers={"Sec-GPC": "1"}).status_code == 200
        assert Client().get("/accounts/screen/1920x1080.svg").status_code == 404
        assert not ScreenBucket.objects.exists()

    def test_only_the_page_of_signing_in_asks(self, people, signed_in):
        assert "usage/screen.css" in Client().get("/accounts/login/").content.decode()
        assert "usage/screen.css" not in signed_in(people.bob).get("/acme/").content.decode()


@pytest.mark.policy("PP-1.3b")
def test_counting_tells_no_address_and_everybody_still_sees_their_own_alone(people):
    with connection.cursor() as cursor:
        cursor.execute("select * from usage_requests(now(), now())")
        names = [column.name for column in cursor.description]
    assert names == ["org", "person", "private", "route", "status_class", "agent", "n"]
    asked(org=people.org.pk, person=people.bob.pk)
    assert RequestLog.objects.count() == 0
    with person(people.bob.pk):
        assert RequestLog.objects.count() == 1
