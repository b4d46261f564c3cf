"""The history of the record: today is measured anew, past days stay as they were."""

from datetime import timedelta

import pytest
from django.db import connection
from making import report, secret

from vallum_engine.model.finding import Severity
from vallum_web.assets import services as assets
from vallum_web.findings import services, tasks
from vallum_web.findings.models import Day, Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope


@pytest.fixture
def digest(org, alice):
    asset = assets.add(org, "repository", "shop", alice.pk)

    def run(*findings):
        scan, said = scans.uploaded(asset, None), report(*findings)
        services.digest(scan, said)
        with scope(org.pk):
            scans.finish(scan, said, engine="0.1.0", outcome={})

    return run


@pytest.fixture
def history(org):
    def read(severity=Severity.HIGH):
        with scope(org.pk):
            return list(Day.objects.of(org).filter(severity=severity.rank).order_by("day"))

    return read


def suppress(org, alice, name):
    with scope(org.pk):
        key = Finding.objects.of(org).get(message__endswith=name).pk
    services.suppress(org, key, alice.pk, reason="test_data")


def test_before_the_first_scan_there_is_no_history(org, history):
    services.measure(org.pk)
    assert history() == []


def test_a_day_counts_what_stands_and_what_happened(org, alice, digest, history):
    digest(secret("one"), secret("two", line=9), secret("low", line=12, severity=Severity.LOW))
    suppress(org, alice, "two")
    services.measure(org.pk)
    (today,) = history()
    with scope(org.pk):
        risk = {row.message.split()[-1]: row.risk for row in Finding.objects.of(org)}
    assert (today.open, today.suppressed, today.opened, today.hidden) == (1, 1, 2, 1)
    assert (today.risk_open, today.risk_suppressed) == (risk["one"], risk["two"])
    assert [row.open for row in history(Severity.LOW)] == [1]
    assert [row.open for row in history(Severity.CRITICAL)] == [0]
    assert today.median_seconds is None


def test_today_is_written_anew_and_yesterday_stays(org, digest, history):
    digest(secret("one"), secret("two", line=9))
    services.measure(org.pk)
    digest(secret("one"))
    services.measure(org.pk)
    assert [(row.open, row.opened, row.resolved) for row in history()] == [(1, 2, 1)]
    with clock.travelled(timedelta(days=1)):
        digest(secret("two", line=9))
        services.measure(org.pk)
    before, after = history()
    assert (before.open, before.resolved, before.reopened) == (1, 1, 0)
    assert (after.open, after.opened, after.resolved, after.reopened) == (1, 0, 1, 1)
    assert after.day - before.day == timedelta(days=1)


def test_the_median_counts_from_when_a_finding_came_back(org, digest, history):
    digest(secret("one"))
    with clock.travelled(timedelta(days=10)):
        digest()
    with clock.travelled(timedelta(days=20)):
        digest(secret("one"))
    with clock.travelled(timedelta(days=23)):
        digest()
        services.measure(org.pk)
    (last,) = history()
    assert round(last.median_seconds / 86_400) == 3


def test_what_is_older_than_two_years_goes(org, digest, history):
    digest(secret("one"))
    services.measure(org.pk)
    for days, left in ((730, 2), (731, 2), (731 + 730, 2)):
        with clock.travelled(timedelta(days=days)):
            services.measure(org.pk)
        assert len(history()) == left


def test_each_hour_every_organization_has_a_job_of_its_own(people):
    with connection.cursor() as cursor:
        tasks.measure_all()
        cursor.execute("select args ->> 'org' from procrastinate_jobs where task_name = 'findings.measure'")
        assert {row[0] for row in cursor.fetchall()} == {str(people.org.pk), str(people.elsewhere.pk)}
