"""The hourly run: what is over goes, what is not stays, and the evidence says so."""

import re
from datetime import timedelta

import making
import psycopg
import pytest
from django.apps import apps
from making import report, secret

from vallum_web.accounts import services as accounts
from vallum_web.findings import services
from vallum_web.findings.models import Finding, Occurrence, SeenOn, Words
from vallum_web.findings.services import expiring
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock, registry
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.retention import brake, engine, holds, windows
from vallum_web.tenancy.retention.models import RetentionRun
from vallum_web.tenancy.retention.rules import BrokenRulesError, Rule, declare, rules
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.policy("PP-4b")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def people(live_database):
    made = making.people()
    accounts.set_plan(made.org, "free", None)
    return made


@pytest.fixture
def later(live_database):
    """Move all clocks, the database's own too."""

    def move(by):
        with psycopg.connect(live_database.owner) as link:
            link.execute(
                "insert into vallum_clock (moved) values (%s) on conflict (one) do update set moved = excluded.moved",
                [by],
            )
        return clock.travelled(by)

    return move


@pytest.fixture
def scan(people):
    made = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset

    def run(*names):
        found = report(*(secret(name) for name in names))
        row = scans.uploaded(made, None)
        services.digest(row, found)
        scans.finish(row, found, engine="0.1.0", outcome={})

    return run


def there(org):
    with scope(org.pk):
        return {row.removeprefix("Example token ") for row in Finding.objects.values_list("message", flat=True)}


def ran(name):
    return next(row for row in engine.run() if row.rule == name)


def test_findings_go_a_month_after_a_scan_last_saw_them(people, scan, later):
    with later(timedelta()):
        scan("fixed", "open")
    with later(10 * DAY):
        scan("open")
        assert ran("findings").deleted == 0
    with later(30 * DAY - HOUR):
        assert (ran("findings").deleted, there(people.org)) == (0, {"fixed", "open"})
    with later(30 * DAY + HOUR):
        done = ran("findings")
        assert (done.deleted, done.overdue, done.failures, there(people.org)) == (1, 0, 0, {"open"})
    with later(40 * DAY + HOUR):
        assert (ran("findings").deleted, there(people.org)) == (1, set())
        with scope(people.org.pk):
            gone = Event.objects.filter(kind__startswith="finding.").exclude(kind="finding.expired")
            assert not any(rows.exists() for rows in (Occurrence.objects, Words.objects, SeenOn.objects, gone))
            assert Event.objects.filter(kind="finding.expired").count() == 2


def test_what_is_seen_again_counts_anew(people, scan, later):
    with later(timedelta()):
        scan("one")
    with later(29 * DAY):
        scan("one")
    with later(31 * DAY):
        assert (ran("findings").deleted, there(people.org)) == (0, {"one"})


def test_a_hold_keeps_what_is_over_until_it_is_lifted(people, scan, later):
    with later(timedelta()):
        scan("one")
        held = holds.hold(people.org.pk, "Order 12/26", None)
    with later(60 * DAY):
        done = ran("findings")
        assert (done.deleted, done.held, done.overdue, there(people.org)) == (0, 1, 0, {"one"})
        holds.lift(people.org.pk, held.pk)
        assert (ran("findings").deleted, there(people.org)) == (1, set())


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(brake, "FEW", 2)


def test_a_clock_that_jumps_deletes_nothing_for_a_day(people, scan, later, few):
    with later(timedelta()):
        scan("one", "two", "three")
        assert ran("findings").deleted == 0
    with later(60 * DAY):
        done = ran("findings")
        assert (done.deleted, done.held, done.overdue) == (0, 1, 0)
    with later(60 * DAY + 23 * HOUR):
        assert ran("findings").held == 1
    with later(61 * DAY + HOUR / 2):
        assert (ran("findings").deleted, there(people.org)) == (3, set())


def test_what_the_run_saw_coming_goes_in_time(people, scan, later, few):
    with later(timedelta()):
        scan("one", "two", "three")
        engine.run()
    for hours in range(30 * 24 - 26, 30 * 24 + 2):
        with later(hours * HOUR):
            done = ran("findings")
            assert (done.held, done.overdue) == (0, 0)
    assert there(people.org) == set()


def test_a_narrower_window_is_within_the_plan_and_takes_effect_at_once(people, scan, later):
    with pytest.raises(windows.OutOfBoundsError, match="30 to 30 days"):
        windows.choose(people.org, people.alice.pk, 20)
    accounts.set_plan(people.org, "enterprise", None)
    windows.choose(people.org, people.alice.pk, 5)
    with later(timedelta()):
        scan("one")
    with later(6 * DAY):
        assert (ran("findings").deleted, there(people.org)) == (1, set())


def test_a_person_who_has_seen_how_much_goes_need_not_wait(people, scan, later, few):
    with later(timedelta()):
        scan("one", "two", "three")
    with later(60 * DAY):
        engine.run()
        expiring.confirm(people.org, clock.now())
        assert ran("findings").deleted == 3


def test_one_that_fails_stops_no_other(people, scan, later, monkeypatch):
    def broken(org):
        raise ValueError("broken")

    with later(timedelta()):
        scan("one")
    mine = [Rule(id="x", clause="PP-4b", says="", of_org=broken), *rules()]
    monkeypatch.setattr(engine, "rules", lambda: mine)
    with later(31 * DAY):
        found = {row.rule: row for row in engine.run()}
    assert found["x"].failures == 2
    assert found["findings"].deleted == 1


def test_clocks_apart_delete_nothing(people, scan):
    scan("one")
    with clock.travelled(40 * DAY), pytest.raises(engine.ClocksApartError):
        engine.run()
    assert there(people.org) == {"one"}
    assert not RetentionRun.objects.exists()


def test_a_rule_is_declared_once_and_runs_one_way():
    known = rules()[0]
    with pytest.raises(BrokenRulesError, match="twice"):
        declare(known)
    with pytest.raises(BrokenRulesError, match="one of the two"):
        declare(Rule(id="neither", clause="PP-4b", says=""))


# What has a date of its own by which it goes, elsewhere than in the hourly run.
ELSEWHERE = {
    "accounts.Acceptance": "of the account: goes five years after its person",
    "retention.RetentionRun": "goes with the run itself",
    "retention.FirstLook": "goes when the run looks again",
    "notify.Attempt": "goes with its delivery",
    "reports.Part": "goes with its export",
    "audit.Checkpoint": "goes with the entries that it signs",
    "mail.Told": "goes with the run of mails",
}
DATED = re.compile(r"^(\d+) (hours|days|months|years)\b")


def test_what_is_said_to_be_kept_for_a_time_has_a_rule_that_ends_it():
    packages = tuple(config.name for config in apps.get_app_configs() if config.name.startswith("vallum_web"))
    packages += ("vallum_web.config",)
    promised = {entry.model for entry in registry.entries(packages) if DATED.match(entry.retention)}
    declared = engine.tables(rules())
    assert promised - declared.keys() == ELSEWHERE.keys()
