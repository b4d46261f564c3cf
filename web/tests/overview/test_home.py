"""The first page: two scores, what cannot wait, what changed, how it goes, and what to do next."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from making import report, secret, vulnerability

from vallum_engine.model.finding import Severity
from vallum_engine.model.report import Coverage, RuleSet
from vallum_web.accounts.models import Membership
from vallum_web.assets import services as assets
from vallum_web.findings import history_queries, services
from vallum_web.findings.history_queries import Total
from vallum_web.findings.models import Day, Finding
from vallum_web.overview import home
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

BOTH = tuple(RuleSet(name=name, version="1", rules=None) for name in ("secrets", "sca"))


@pytest.fixture
def add(org, alice):
    return lambda name="shop": assets.add(org, "repository", name, alice.pk)


@pytest.fixture
def digest(org):
    def run(asset, *findings):
        said = report(*findings, coverage=Coverage(rulesets=BOTH, paths=("app.py", "package-lock.json")))
        scan = scans.uploaded(asset, None)
        services.digest(scan, said)
        with scope(org.pk):
            scans.finish(scan, said, engine="0.1.0", outcome={})

    return run


@pytest.fixture
def page(signed_in, alice):
    def read():
        answer = signed_in(alice).get("/acme/")
        assert answer.status_code == 200
        return answer.content.decode()

    return read


def found(org, name):
    with scope(org.pk):
        return Finding.objects.of(org).get(message__endswith=name)


def section(text, title):
    """One part of the page, from its head to its end."""
    return text[text.index(f">{title}<") :].split("</section>")[0]


def test_a_decision_lowers_one_score_and_never_the_other(org, alice, add, digest, page):
    digest(add(), secret("one"), secret("two", line=9))
    one, two = found(org, "one").risk, found(org, "two").risk
    assert f"<b>{one + two}</b><span>risk points, real" in page()
    assert f"<b>{one + two}</b><span>risk points after decisions" in page()
    services.suppress(org, found(org, "two").pk, alice.pk, reason="risk_accepted")
    assert f"<b>{one + two}</b><span>risk points, real" in page()
    assert f"<b>{one}</b><span>risk points after decisions" in page()


def test_numbers_lead_to_the_lists_that_they_count(org, alice, add, digest, page, signed_in):
    digest(add(), secret("late"), secret("soon", line=9), secret("later", line=12))
    now = clock.now()
    with scope(org.pk):
        for name, days, exploited in (("late", -1, True), ("soon", 3, False), ("later", 30, False)):
            rows = Finding.objects.of(org).filter(message__endswith=f" {name}")
            rows.update(due_at=now + timedelta(days=days), exploited=exploited)
    text = page()
    for query, number in (
        ("due=overdue&amp;sort=due", 1),
        ("due=week&amp;sort=due", 2),
        ("exploited=yes", 1),
    ):
        assert f'href="/acme/findings/?{query}"><b>{number}</b>' in text
        listed = signed_in(alice).get(f"/acme/findings/?{query.replace('&amp;', '&')}").content.decode()
        assert listed.count('id="finding-') == number


def test_a_fix_names_what_it_ends_and_leads_there(org, alice, add, digest, page, signed_in):
    digest(
        add(),
        vulnerability("left-pad", "CVE-2024-1001"),
        vulnerability("left-pad", "CVE-2024-1002"),
        vulnerability("right-pad", "CVE-2024-1003", severity=Severity.LOW),
        secret("one"),
        secret("two", line=9),
        secret("three", line=12),
    )
    text = section(page(), "Fixes that remove the most risk")
    rows = text.split("<tr data-row")[1:]
    assert len(rows) == 3
    upgrade = next(row for row in rows if "Upgrade left-pad 1.0.0 to 2.0.0" in row)
    assert 'data-label="findings">2<' in upgrade
    assert 'data-label="findings">3<' in next(row for row in rows if "example-token" in row)
    risks = [int(row.split('data-label="risk points">')[1].split("<")[0]) for row in rows]
    assert risks == sorted(risks, reverse=True)
    address = upgrade.split('data-open href="')[1].split('"')[0]
    listed = signed_in(alice).get(address).content.decode()
    assert listed.count('id="finding-') == 2
    assert "ended by one fix" in listed
    assert "right-pad" not in listed.split('id="findings"')[1]


def test_what_changed_is_counted_from_the_last_visit(org, alice, add, digest, page, signed_in):
    def listed(address):
        return signed_in(alice).get(address).content.decode().count('<tr id="finding-')

    shop = add()
    digest(shop, secret("one"), secret("two", line=9))
    assert "Since your last visit" not in page()
    with clock.travelled(timedelta(minutes=20)):
        assert "Since your last visit" not in page()
    with scope(org.pk):
        Membership.objects.of(org).filter(user=alice).update(looked_at=clock.now() - timedelta(hours=2))
    digest(shop, secret("one"))
    digest(shop, secret("one"), secret("two", line=9), secret("three", line=12))
    services.suppress(org, found(org, "three").pk, alice.pk, reason="test_data")
    digest(shop, secret("two", line=9), secret("three", line=12))
    text = section(page(), "Since your last visit")
    assert "2 hours ago" in text
    for said in ("<b>3</b> opened", "<b>1</b> came back", "<b>1</b> resolved", "<b>1</b> suppressed"):
        assert said in text
    addresses = re.findall(r'<a href="([^"]*since=[^"]*)"', text)
    assert [listed(address.replace("&amp;", "&")) for address in addresses] == [3, 1, 1]
    assert section(page(), "Since your last visit") == text
    with clock.travelled(timedelta(hours=1)):
        assert "Nothing was opened, resolved or suppressed." in section(page(), "Since your last visit")


def test_a_visit_is_the_person_s_own_and_no_cookie_s(org, alice, bob, add, digest, signed_in):
    digest(add(), secret("one"))
    signed_in(alice).get("/acme/")
    with scope(org.pk):
        Membership.objects.of(org).filter(user=alice).update(looked_at=clock.now() - timedelta(hours=2))
    assert "Since your last visit" not in signed_in(bob).get("/acme/").content.decode()
    answer = signed_in(alice).get("/acme/")
    assert "Since your last visit" in answer.content.decode()
    assert set(answer.cookies) <= {"session", "csrf"}


def test_history_begins_with_a_day_and_needs_two_for_a_line(org, add, digest, page):
    digest(add(), secret("one"))
    assert "The first hour after the first scan begins the history." in page()
    services.measure(org.pk)
    text = section(page(), "Risk over time")
    assert "A line needs a second day." in text
    assert "<svg" not in text
    with clock.travelled(timedelta(days=1)):
        services.measure(org.pk)
        text = section(page(), "Risk over time")
    assert 'role="img"' in text
    assert text.count("<tr>") == 3


def test_times_to_resolve_stand_beside_those_before(org, add, digest, page):
    shop = add()
    assert "Time to resolve" not in page()
    digest(shop, secret("one"), secret("two", line=9), secret("three", line=12))
    for days, left in (
        (10, [secret("two", line=9), secret("three", line=12)]),
        (40, [secret("three", line=12)]),
        (44, []),
    ):
        with clock.travelled(timedelta(days=days)):
            digest(shop, *left)
    with clock.travelled(timedelta(days=45)):
        with scope(org.pk):
            last, before = history_queries.took(org)
        text = page()
    assert (last.resolved, round(last.mean / 86_400), round(last.median / 86_400)) == (2, 42, 42)
    assert (before.resolved, round(before.mean / 86_400)) == (1, 10)
    assert "42.0 days" in text
    assert "10.0 days" in text


def test_what_nobody_looked_at_lately_is_named(org, add, digest, page):
    shop = add()
    for number in range(6):
        add(f"silent {number}")
    digest(shop, secret("one"))
    text = section(page(), "Not scanned within 7 days")
    assert "silent 4" in text
    assert "and 1 more" in text
    assert "shop" not in text
    with clock.travelled(timedelta(days=8)):
        text = section(page(), "Not scanned within 7 days")
    assert "and 2 more" in text


def test_clean_says_when_and_what_was_covered(add, digest, page):
    digest(add())
    text = page()
    assert "Looked, and nothing is open" in text
    assert "Last looked" in text
    assert "all scanned, no gaps" in text
    assert "Fixes that remove the most risk" not in text


def test_the_page_asks_no_more_with_more_rows_and_assets(org, alice, add, digest, signed_in):
    digest(add("first"), secret("one"))
    services.measure(org.pk)
    browser = signed_in(alice)
    browser.get("/acme/")
    with CaptureQueriesContext(connection) as few:
        browser.get("/acme/")
    for number in range(4):
        digest(add(f"more {number}"), *(secret(f"{number}-{n}", line=n, rule=f"rule-{n}") for n in range(1, 20)))
    services.measure(org.pk)
    with CaptureQueriesContext(connection) as many:
        browser.get("/acme/")
    assert len(many) == len(few)
    assert len(few) < 40


def total(day, real):
    return Total(
        day=day,
        open=1,
        suppressed=0,
        risk_open=real,
        risk_suppressed=0,
        opened=0,
        reopened=0,
        resolved=0,
        measured_at=datetime.combine(day, datetime.min.time(), UTC),
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param([], {}, id="no day"),
        pytest.param([(1, 5)], {"Real risk": [5], "After decisions": [5]}, id="one day"),
        pytest.param(
            [(1, 5), (3, 0)], {"Real risk": [5, None, 0], "After decisions": [5, None, 0]}, id="a gap, and nought"
        ),
    ],
)
def test_a_day_that_nobody_measured_is_a_gap(days, expected):
    assert home.charted([total(date(2026, 3, day), real) for day, real in days]) == expected


def test_another_organization_s_days_are_not_seen(org, people, add, digest):
    digest(add(), secret("one"))
    services.measure(org.pk)
    with scope(people.elsewhere.pk):
        assert Day.objects.of(org).count() == 0
        assert history_queries.days(people.elsewhere, since=date(2020, 1, 1)) == []
