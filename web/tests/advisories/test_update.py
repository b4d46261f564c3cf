"""Feeds over the guard from a server that speaks as their publishers do: once a day, what is newer alone, and never twice."""

import gzip
from datetime import timedelta

import pytest
from procrastinate.contrib.django import app

from dev.fakes import feeds
from dev.fakes.feeds import catalogue, publish_scores, put, scores
from dev.fakes.loopback import Answer
from vallum_guard import errors
from vallum_web.advisories import queries, services, tasks
from vallum_web.advisories.errors import UnreachableError, UnusableError
from vallum_web.advisories.kinds import EPSS, KEV, KINDS
from vallum_web.tenancy import clock, egress, egress_registry
from vallum_web.tenancy.models import PlatformDeparture

A, B = "CVE-2021-44228", "CVE-2024-0001"
DAY = timedelta(days=1)
NOW = (clock.now() - DAY).date().isoformat()


def asked(site):
    return [each.path for each in site.asked]


def test_the_newest_scores_are_fetched_and_not_fetched_again(publisher, known):
    publish_scores(publisher, {A: (0.5, 0.9)}, day=NOW)
    taken = services.update(EPSS)
    assert (taken.rows, list(taken.changed)) == (1, [A])
    assert asked(publisher) == [feeds.EPSS, f"/epss_scores-{NOW}.csv.gz"]
    feed = queries.feeds()["epss"]
    assert (feed.source, str(feed.day)) == (f"{publisher.url}{feeds.EPSS}", NOW)
    assert feed.etag.startswith('"')
    with clock.travelled(DAY):
        assert services.update(EPSS) is None
        again = queries.feeds()["epss"]
        assert again.as_of > feed.as_of
        assert again.fetched_at == feed.fetched_at
    assert publisher.asked[-1].headers["If-None-Match"] == feed.etag
    with clock.travelled(2 * DAY):
        day = clock.now().date().isoformat()
        publish_scores(publisher, {A: (0.6, 0.9), B: (0.1, 0.1)}, day=day)
        assert list(services.update(EPSS).changed) == [A, B]
    assert known()[A].epss == 0.6


def test_the_catalogue_is_fetched(publisher, known):
    put(publisher, feeds.KEV, catalogue([{"cveID": A}], day=NOW))
    assert list(services.update(KEV).changed) == [A]
    assert services.update(KEV) is None
    put(publisher, feeds.KEV, catalogue([{"cveID": B}], day=NOW))
    assert list(services.update(KEV).changed) == [A, B]
    assert known().keys() == {B}


def test_another_source_is_not_asked_about_the_first_ones_version(publisher, settings, known):
    publish_scores(publisher, {A: (0.5, 0.9)}, day=NOW)
    services.update(EPSS)
    settings.FEED_SOURCES["epss"] = f"{publisher.url}/mirror.csv.gz"
    put(publisher, "/mirror.csv.gz", scores({A: (0.5, 0.9)}, day=NOW))
    services.update(EPSS)
    assert "If-None-Match" not in publisher.asked[-1].headers
    assert queries.feeds()["epss"].source.endswith("/mirror.csv.gz")


@pytest.mark.parametrize("etag", ["a\x01b", "\xe9", "x" * 300, ""])
def test_a_version_that_cannot_be_sent_back_is_forgotten(publisher, known, etag):
    publisher.pages[feeds.KEV] = Answer(headers={"ETag": etag}, body=catalogue([{"cveID": A}], day=NOW))
    for _ in range(2):
        services.update(KEV)
    assert "If-None-Match" not in publisher.asked[-1].headers
    assert queries.feeds()["kev"].etag == ""


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        pytest.param(Answer(status=503), UnreachableError, "answered 503", id="an error"),
        pytest.param(Answer(status=404), UnreachableError, "answered 404", id="missing"),
        pytest.param(Answer(status=304), UnreachableError, "answered 304", id="nothing newer than nothing"),
        pytest.param(Answer(body=b"<html>Please accept cookies"), UnusableError, "a web page", id="a web page"),
        pytest.param(Answer(body=gzip.compress(scores({A: (0.1, 0.1)}))[:-5]), UnusableError, "cut off", id="gzip cut"),
        pytest.param(
            Answer(headers={"Content-Length": "9999"}, body=scores({A: (0.1, 0.1)})),
            UnreachableError,
            "early",
            id="cut off",
        ),
        pytest.param(
            Answer(headers={"Content-Length": str(1 << 30)}), UnreachableError, "announces 1073741824", id="too large"
        ),
        pytest.param(
            Answer(status=302, headers={"Location": "https://169.254.169.254/latest"}),
            UnreachableError,
            "169.254.169.254",
            id="led to the machine's own secrets",
        ),
        pytest.param(
            Answer(status=302, headers={"Location": feeds.EPSS}),
            UnreachableError,
            "more than 3 times",
            id="led in a circle",
        ),
    ],
)
def test_what_does_not_come_changes_nothing_and_is_noted(publisher, known, answer, kind, words):
    publish_scores(publisher, {B: (0.5, 0.9)}, day=NOW)
    services.update(EPSS)
    before, feed = known(), queries.feeds()["epss"]
    publisher.pages[feeds.EPSS] = answer
    if answer.status == 304:
        feed.etag = ""
        feed.save()
    with pytest.raises(kind, match=words):
        services.update(EPSS)
    assert known() == before
    after = queries.feeds()["epss"]
    assert words in after.failure
    assert after.failed_at is not None
    assert (after.as_of, after.etag, after.rows, after.version) == (feed.as_of, feed.etag, feed.rows, feed.version)
    publish_scores(publisher, {B: (0.5, 0.9)}, day=NOW)
    services.update(EPSS)
    assert (queries.feeds()["epss"].failure, queries.feeds()["epss"].failed_at) == ("", None)


def test_once_a_day_what_is_due_is_fetched(publisher, known, settings):
    publish_scores(publisher, {A: (0.5, 0.9)}, day=NOW)
    put(publisher, feeds.KEV, b"<html>")
    tasks.update_feeds()
    assert known()[A].epss == 0.5, "one that fails does not keep the other"
    assert "a web page" in queries.feeds()["kev"].failure
    publisher.asked.clear()
    tasks.update_feeds()
    assert asked(publisher) == [feeds.KEV], "what failed is tried again, what came is not asked for again"
    put(publisher, feeds.KEV, catalogue([{"cveID": A}], day=NOW))
    tasks.update_feeds()
    publisher.asked.clear()
    tasks.update_feeds()
    assert asked(publisher) == []
    with clock.travelled(DAY):
        tasks.update_feeds()
    assert asked(publisher) == [feeds.EPSS, f"/epss_scores-{NOW}.csv.gz", feeds.KEV]
    settings.FEEDS_DAILY = False
    publisher.asked.clear()
    with clock.travelled(9 * DAY):
        tasks.update_feeds()
    assert asked(publisher) == []


def test_the_worker_starts_it_by_the_clock():
    periodic = [task.task.name for task in app.periodic_registry.periodic_tasks.values()]
    assert "advisories.update_feeds" in periodic


def test_each_departure_is_in_the_platforms_own_ledger(publisher, known):
    publish_scores(publisher, {A: (0.5, 0.9)}, day=NOW)
    services.update(EPSS)
    publisher.pages[feeds.KEV] = Answer(headers={"Content-Length": "9"}, body=b"{")
    with pytest.raises(UnreachableError):
        services.update(KEV)
    rows = list(PlatformDeparture.objects.order_by("id"))
    assert {(row.entry, row.purpose) for row in rows} == {("feed-mirror", "feed mirror")}
    assert [(row.party, row.ok) for row in rows] == [("127.0.0.1", True)] * 2 + [("127.0.0.1", False)]
    assert rows[1].received > 0


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_makers_own_address_is_foreseen_and_no_other(kind):
    host = kind.url.split("/")[2]
    egress.gate(kind.id, host)
    assert egress_registry.by_purpose()[kind.id].role is egress_registry.Role.DATA_FEED
    with pytest.raises(errors.NotForeseen):
        egress.gate(kind.id, "evil.example")
