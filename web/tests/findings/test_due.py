"""By when findings should have ended, and what they weigh when a feed, an asset or a rule changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from making import report, secret

from vallum_engine.model.finding import Kind, Severity
from vallum_web.advisories.models import Threat
from vallum_web.assets import services as assets
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.findings import due, due_queries, queries, services
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope


@pytest.fixture
def asset(org, alice):
    return assets.add(org, "repository", "shop", alice.pk)


@pytest.fixture
def digest(asset):
    return lambda *findings: services.digest(scans.uploaded(asset, None), report(*findings))


@pytest.fixture
def only(org):
    def read():
        with scope(org.pk):
            return Finding.objects.of(org).get()

    return read


def days(row):
    return round((row.due_at - row.opened_at) / timedelta(days=1)) if row.due_at else None


@pytest.mark.parametrize(
    ("severity", "importance", "expected"),
    [
        pytest.param(Severity.CRITICAL, Importance.NORMAL, 7, id="critical"),
        pytest.param(Severity.CRITICAL, Importance.CRITICAL, 4, id="critical where it matters most"),
        pytest.param(Severity.HIGH, Importance.LOW, 60, id="high where it matters little"),
        pytest.param(Severity.INFO, Importance.CRITICAL, None, id="information has no date"),
    ],
)
def test_days_by_default(severity, importance, expected):
    assert due.default(severity, importance) == expected


def test_a_new_finding_has_its_days(digest, only):
    digest(secret(severity=Severity.CRITICAL))
    assert days(only()) == 7


def test_another_severity_counts_from_the_first_day(digest, only):
    digest(secret(severity=Severity.LOW))
    digest(secret(severity=Severity.HIGH))
    assert days(only()) == 30


def test_what_came_back_counts_from_then(digest, only, monkeypatch):
    digest(secret())
    digest()
    later = clock.now() + timedelta(days=100)
    monkeypatch.setattr(clock, "now", lambda: later)
    digest(secret())
    assert only().due_at == only().reopened_at + timedelta(days=30)


def test_the_organizations_own_rules_move_what_is_there(org, alice, digest, only):
    digest(secret(severity=Severity.HIGH))
    rules = {**due.table({}), (Severity.HIGH.rank, Importance.NORMAL.value): 14}
    services.set_due_rules(org, alice.pk, rules)
    assert services.weigh_everything(org.pk) == 1
    assert days(only()) == 14
    services.set_due_rules(org, alice.pk, {**rules, (Severity.HIGH.rank, Importance.NORMAL.value): None})
    services.weigh_everything(org.pk)
    assert only().due_at is None


def test_overdue_and_soon_are_lists(org, digest, monkeypatch):
    digest(secret("one", severity=Severity.CRITICAL), secret("two", line=9, severity=Severity.LOW))
    later = clock.now() + timedelta(days=6)
    monkeypatch.setattr(clock, "now", lambda: later)
    with scope(org.pk):
        assert queries.matching(org, Filters(due="overdue")).count() == 0
        assert queries.matching(org, Filters(due="week")).count() == 1
        assert queries.matching(org, Filters(due="set")).count() == 2
        assert len(queries.worklist(org, Filters(due="set", sort="due")).rows) == 2


def vulnerability(**more):
    values = {"kind": Kind.VULNERABILITY, "ruleset": "packages/npm", "rule": "CVE-2021-44228"}
    return secret("cve", fingerprint="package/1:cve", **{**values, **more})


def feed(**facts):
    Threat.objects.update_or_create(cve="CVE-2021-44228", defaults={"changed_at": datetime.now(UTC), **facts})


def test_a_known_exploited_vulnerability_weighs_more_from_the_start(db, digest, only):
    feed(kev_added=date(2021, 12, 10), epss=0.97)
    digest(vulnerability())
    row = only()
    assert row.exploited
    assert row.risk > 90


def test_what_the_feeds_say_later_reaches_the_record_once(org, digest, only):
    digest(vulnerability())
    before = only().risk
    feed(kev_added=date(2021, 12, 10))
    assert services.follow_feeds(org.pk) == 1
    assert (only().exploited, only().risk > before) == (True, True)
    assert services.follow_feeds(org.pk) == 0
    changed = only().risk
    digest(vulnerability())
    assert only().risk == changed


def test_an_asset_that_matters_more_weighs_on_its_findings(org, alice, asset, digest, only):
    digest(secret())
    before = only()
    assets.change(org, asset.pk, alice.pk, importance=Importance.CRITICAL, exposure=Exposure.INTERNET)
    services.weigh_asset(org.pk, asset.pk)
    assert only().risk > before.risk
    assert only().due_at < before.due_at
    assert services.weigh_asset(org.pk, asset.pk) == 0


def test_the_page_tries_rules_before_it_saves_them(org, alice, bob, digest, only, signed_in):
    digest(secret(severity=Severity.CRITICAL))
    browser, now = (
        signed_in(alice),
        {f"days-{severity}-{rank}": days or "" for (severity, rank), days in due.table({}).items()},
    )
    page = browser.get("/acme/settings/due/").content.decode()
    assert "Try it on what is open" in page
    wanted = {**now, "days-4-1": "3", "try": "yes"}
    tried = browser.post("/acme/settings/due/change/", wanted).content.decode()
    assert "If these rules held now" in tried
    with scope(org.pk):
        assert due_queries.due_rules(org) == due.table({})
    wanted.pop("try")
    assert browser.post("/acme/settings/due/change/", wanted).status_code == 302
    with scope(org.pk):
        assert due_queries.due_rules(org)[4, 1] == 3
    assert browser.post("/acme/settings/due/change/", {**now, "days-4-1": "-1"}).status_code == 422
    assert signed_in(bob).post("/acme/settings/due/change/", now).status_code == 403


def test_what_would_be_overdue_is_counted(org, digest, monkeypatch):
    digest(secret("one", severity=Severity.CRITICAL), secret("two", line=9, severity=Severity.LOW))
    later = clock.now() + timedelta(days=5)
    monkeypatch.setattr(clock, "now", lambda: later)
    with scope(org.pk):
        critical, low = due_queries.overdue_under(org, {**due.table({}), (4, 1): 3})
    assert (critical.open, critical.now, critical.then, critical.soon) == (1, 0, 1, 0)
    assert (low.open, low.now, low.then) == (1, 0, 0)
