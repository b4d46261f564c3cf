"""A plan has ended: who can do something about it is told 14, 7 and 1 day before findings are kept for less, and how many go."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from mailing import mails

from vallum_web.accounts import services as accounts
from vallum_web.assets import services as assets
from vallum_web.findings.models import SeenOn
from vallum_web.mail.models import Notice
from vallum_web.privacy.centre import shrinking
from vallum_web.tenancy import clock, entitlements
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.plans import Given, Window, shrinks
from vallum_web.tenancy.retention import windows
from vallum_web.tenancy.scope import outbox, scope

pytestmark = [pytest.mark.policy("PP-4b")]
NOW = clock.now()
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("until", "and_then", "expected"),
    [
        pytest.param(NOW, [], (NOW + 14 * DAY, 30), id="just over"),
        pytest.param(NOW - 13 * DAY, [], (NOW + DAY, 30), id="a day before"),
        pytest.param(NOW - 14 * DAY, [], None, id="it holds"),
        pytest.param(NOW + DAY, [], None, id="not over yet: it may be renewed"),
        pytest.param(None, [], None, id="no end"),
        pytest.param(NOW, [Given(source="trial", plan="pro", until=NOW + DAY)], None, id="another holds as long"),
        pytest.param(NOW, [Given(source="grant", plan="enterprise")], None, id="and a greater one for ever"),
    ],
)
def test_when_it_is_that_findings_are_kept_for_less(until, and_then, expected):
    found = shrinks(
        [Given(source="settings", plan="free"), Given(source="stripe", plan="pro", until=until), *and_then], NOW
    )
    assert (found and (found[0], found[1].most)) == expected


def test_from_enterprise_to_pro_is_less_too():
    given = [Given(source="settings", plan="pro"), Given(source="grant", plan="enterprise", until=NOW)]
    assert shrinks(given, NOW) == (NOW + 14 * DAY, Window(least=30, usual=180, most=730))


@pytest.fixture
def ended(people, db):
    """Pro has just ended; a finding was last seen 20 days ago, so it is 34 days old when Free's 30 begin to hold."""
    accounts.set_plan(people.org, "free", None)
    entitlements.give(people.org, Given(source="grant", plan="pro", until=clock.now()))
    return people


def found_long_ago(people):
    """A finding that was last seen 20 days ago, as the run counts them."""
    asset = assets.add(people.org, "repository", "shop", people.alice.pk)
    seen = clock.now() - 20 * DAY
    with scope(people.org.pk):
        SeenOn.objects.create(org=people.org, asset=asset.pk, scan=uuid7(), day=seen.date(), oldest=seen, findings=1)


def told(who="alice"):
    return mails(to=f"{who}@example.test", subject="are kept for 30 days")


@pytest.mark.django_db
def test_who_can_do_something_is_told_three_times_with_what_goes(ended):
    found_long_ago(ended)
    counts = []
    for day in (0, 0, 3, 7, 8, 13, 13.5, 14.1):
        with clock.travelled(day * DAY):
            shrinking.tell(ended.org.pk)
            counts.append(len(told()))
    assert counts == [1, 1, 1, 2, 2, 3, 3, 3]
    first = told()[0]
    assert "Up to 1 finding that" in first.text
    assert f"{clock.now() + 14 * DAY:%Y-%m-%d}" in first.text
    assert "/acme/settings/privacy/" in first.text
    assert told("bob") == []  # a developer can do nothing about it
    with outbox():
        assert Notice.objects.filter(person=ended.alice.pk, kind="billing").count() == 3


@pytest.mark.django_db
def test_where_nothing_goes_it_is_said_once(ended):
    for day in (0, 7, 13):
        with clock.travelled(day * DAY):
            shrinking.tell(ended.org.pk)
    (only,) = told()
    assert "nothing is deleted" in only.text


@pytest.mark.django_db
def test_nobody_is_told_whose_plan_goes_on(people):
    entitlements.give(people.org, Given(source="grant", plan="pro", until=clock.now() + DAY))
    assert shrinking.tell(people.org.pk) == 0


@pytest.mark.django_db
def test_a_smaller_plan_of_the_operators_has_the_days_of_grace_too(people):
    accounts.set_plan(people.org, "pro", None)
    call_command("set_plan", "acme", "free")
    for day, kept in ((0, 180), (13.9, 180), (14.1, 30)):
        with clock.travelled(day * DAY), scope(people.org.pk):
            assert windows.kept(Org.objects.get(pk=people.org.pk)) == timedelta(days=kept), day
    with scope(people.org.pk):
        assert entitlements.of(Org.objects.get(pk=people.org.pk)).plan.id == "free"
    assert shrinking.tell(people.org.pk) == 1


@pytest.mark.django_db
def test_what_goes_is_a_calendar_too(people, signed_in):
    found_long_ago(people)
    accounts.set_plan(people.org, "free", None)
    entitlements.give(people.org, Given(source="grant", plan="free"))
    answer = signed_in(people.alice).get("/acme/settings/retention/going.ics")
    assert answer["Content-Type"].startswith("text/calendar")
    text = answer.content.decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.count("BEGIN:VEVENT") == text.count("Up to 1 finding will be deleted") == 1
    assert f"DTSTART;VALUE=DATE:{clock.now() + 10 * DAY:%Y%m%d}" in text
    assert signed_in(people.charlie).get("/acme/settings/retention/going.ics").status_code == 404
