"""Named limits: the rule, the statement that holds it for every process, and what happens when nobody can be asked."""

import multiprocessing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vallum_web.tenancy import clock
from vallum_web.tenancy.limits import catalogue, gate, refusals, services, store
from vallum_web.tenancy.limits.catalogue import Limit, Per, WhenDown
from vallum_web.tenancy.limits.rate import Rate, judge, verdict
from vallum_web.tenancy.scope import scope

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEVEN = Rate(count=7, period=timedelta(minutes=1), burst=7)


def limit(count=7, period="1m", burst=None, *, when_down=WhenDown.REFUSE, of_org=False):
    rate = Rate(count=count, period=catalogue.period(period), burst=burst or count)
    return Limit(name="Test", rate=rate, per=Per.NETWORK, of_org=of_org, when_down=when_down, protects="this test")


@pytest.fixture
def still(monkeypatch):
    """The clock stands, and moves by hand."""

    class Hands:
        at = NOON

        def forward(self, **by):
            self.at += timedelta(**by)

    hands = Hands()
    monkeypatch.setattr(clock, "now", lambda: hands.at)
    return hands


def passed(limit, key="k", times=100, **more):
    return sum(gate.take(limit, key, **more).allowed for _ in range(times))


class TestTheRule:
    def test_so_many_pass_at_once_and_no_more(self, db, still):
        assert passed(limit(7)) == 7
        assert passed(limit(7)) == 0

    def test_in_each_of_five_periods_exactly_as_many_pass(self, db, still):
        for count, period in ((7, "1m"), (1, "1s"), (30, "1h")):
            steps = []
            for _ in range(5):
                steps.append(passed(limit(count, period), f"{count}", times=count + 5))
                still.at += catalogue.period(period)
            assert steps == [count] * 5

    def test_they_come_back_one_by_one(self, db, still):
        six = limit(6)
        assert passed(six) == 6
        still.forward(seconds=9)
        assert passed(six) == 0
        still.forward(seconds=1)
        assert passed(six) == 1
        still.forward(seconds=30)
        assert passed(six) == 3

    def test_a_burst_is_what_passes_after_a_pause_and_the_rate_what_passes_in_the_long_run(self, db, still):
        bursting = limit(60, "1m", 5)
        assert passed(bursting) == 5
        still.forward(seconds=3)
        assert passed(bursting) == 3
        still.forward(hours=1)
        assert passed(bursting) == 5

    def test_one_key_is_nothing_to_another(self, db, still):
        assert (passed(limit(7), "a"), passed(limit(7), "b")) == (7, 7)

    def test_what_costs_more_takes_more(self, db, still):
        ten = limit(10)
        assert gate.take(ten, "k", cost=8).remaining == 2
        assert not gate.take(ten, "k", cost=3).allowed
        assert gate.take(ten, "k", cost=2).allowed
        assert not gate.take(ten, "other", cost=11).allowed
        assert gate.take(ten, "other", cost=10).allowed

    def test_what_is_given_back_can_be_taken_again(self, db, still):
        assert passed(limit(7)) == 7
        gate.refund(limit(7), "k", cost=3)
        assert passed(limit(7)) == 3

    def test_giving_back_never_makes_more_than_there_was(self, db, still):
        gate.take(limit(7), "k")
        gate.refund(limit(7), "k", cost=50)
        assert passed(limit(7)) == 7

    def test_a_verdict_says_how_much_is_left_and_how_long_to_wait(self, db, still):
        six = limit(6)
        first = gate.take(six, "k")
        assert (first.allowed, first.remaining, first.reset, first.retry_after) == (
            True,
            5,
            timedelta(seconds=10),
            timedelta(),
        )
        passed(six)
        refused = gate.take(six, "k")
        assert (refused.allowed, refused.remaining) == (False, 0)
        assert (refused.reset, refused.retry_after) == (timedelta(seconds=60), timedelta(seconds=10))
        still.at += refused.retry_after
        assert gate.take(six, "k").allowed

    def test_refusals_do_not_lengthen_the_wait(self, db, still):
        passed(limit(7), times=1000)
        still.forward(minutes=1)
        assert passed(limit(7)) == 7


class TestTheClock:
    def test_gone_back_it_locks_nobody_out_for_longer_than_a_full_limit_takes(self, db, still):
        passed(limit(7))
        still.forward(days=-3)
        assert not gate.take(limit(7), "k").allowed
        still.forward(minutes=1)
        assert passed(limit(7)) == 7

    def test_gone_back_it_lets_no_more_through(self, db, still):
        seen = 0
        for _ in range(10):
            seen += passed(limit(7))
            still.forward(seconds=-5)
        assert seen == 7

    def test_gone_forward_it_lets_one_burst_through(self, db, still):
        passed(limit(7))
        still.forward(days=400)
        assert passed(limit(7)) == 7

    def test_a_limit_that_was_narrowed_holds_from_then_on(self, db, still):
        passed(limit(100, "1h"))
        assert passed(limit(7)) == 0
        still.forward(minutes=1)
        assert passed(limit(7)) == 7


moments = st.integers(-10_000, 10_000).map(lambda tenths: NOON + timedelta(seconds=tenths / 10))
rates = st.builds(
    Rate,
    count=st.integers(1, 50),
    period=st.integers(1, 600).map(lambda seconds: timedelta(seconds=seconds)),
    burst=st.integers(1, 60),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate=rates, attempts=st.lists(st.tuples(moments, st.integers(1, 5)), min_size=1, max_size=12))
def test_the_statement_and_the_rule_are_the_same(rate, attempts, db):
    kept, key = None, store.digest("Test", f"{rate}{attempts}")
    for now, cost in attempts:
        said = store.take(key, rate, now, cost=cost)
        expected = judge(rate, kept, now, cost=cost)
        assert said == expected
        kept = expected[1]
        shown = verdict("Test", rate, said, now, cost=cost)
        assert 0 <= shown.remaining <= rate.burst
        if not shown.allowed and cost <= rate.burst:
            assert judge(rate, kept, now + shown.retry_after, cost=cost)[0]
            assert not judge(rate, kept, now + shown.retry_after - timedelta(microseconds=1), cost=cost)[0]


def _guess(barrier, answers):
    connections.close_all()
    hundred = limit(100, "1d")
    barrier.wait()
    answers.put(sum(gate.take(hundred, "shared").allowed for _ in range(60)))
    connections.close_all()


@pytest.mark.policy("PP-5f")
def test_eight_processes_are_let_through_no_more_than_one(live_database):
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    barrier, answers = fork.Barrier(8), fork.Queue()
    processes = [fork.Process(target=_guess, args=(barrier, answers)) for _ in range(8)]
    for process in processes:
        process.start()
    seen = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert 99 <= sum(seen) <= 101


class TestWhenNobodyCanBeAsked:
    @pytest.fixture
    def gone(self, live_database):
        with psycopg.connect(live_database.owner, autocommit=True) as owner:
            owner.execute("drop table tenancy_limituse")

    def test_each_limit_decides_for_itself(self, gone, caplog):
        open_, closed = limit(when_down=WhenDown.ALLOW), limit(when_down=WhenDown.REFUSE)
        assert gate.take(open_, "k").allowed
        refused = gate.take(closed, "k")
        assert (refused.allowed, refused.down, refused.retry_after) == (False, True, gate.WAIT_WHEN_DOWN)
        gate.refund(closed, "k")
        assert "Test decides to refuse" in caplog.text

    def test_what_goes_on_in_a_transaction_goes_on(self, gone, settings):
        with transaction.atomic():
            assert gate.take(limit(when_down=WhenDown.ALLOW), "k").allowed
            with connection.cursor() as cursor:
                cursor.execute("select 1")


class TestAnOrganizationsOwn:
    def test_value_holds_for_it_and_for_no_other(self, people, still):
        services.override(people.org.pk, limit(of_org=True), Rate(count=3, period=timedelta(hours=1), burst=2))
        assert passed(limit(of_org=True), "a", org=people.org.pk) == 2
        assert passed(limit(of_org=True), "b", org=people.elsewhere.pk) == 7

    def test_value_can_be_taken_back(self, people, still):
        services.override(people.org.pk, limit(of_org=True), Rate(count=3, period=timedelta(hours=1), burst=2))
        assert services.restore(people.org.pk, limit(of_org=True))
        assert passed(limit(of_org=True), org=people.org.pk) == 7

    def test_refusals_are_counted_by_the_hour_for_a_week(self, people, still):
        passed(limit(of_org=True), org=people.org.pk, times=10)
        still.forward(hours=2)
        passed(limit(of_org=True), org=people.org.pk, times=12)
        with scope(people.org.pk):
            assert refusals.lately(people.org.pk) == {"Test": [*[0] * 21, 3, 0, 5]}
        with scope(people.elsewhere.pk):
            assert refusals.lately(people.elsewhere.pk) == {}
        still.forward(days=8)
        refusals.prune(people.org.pk)
        with scope(people.org.pk):
            assert not refusals.LimitRefusal.objects.of(people.org).exists()


def test_a_refusal_inside_a_scope_is_a_mistake_of_ours(people):
    with scope(people.org.pk), pytest.raises(RuntimeError, match="rolled back"):
        gate.demand(limit(), "k")


def test_nothing_in_the_table_says_whose_it_is(db):
    gate.take(limit(), "alice@example.test")
    gate.take(limit(), "192.0.2.7")
    with connection.cursor() as cursor:
        cursor.execute("select key::text, * from tenancy_limituse")
        rows = repr(cursor.fetchall())
    assert "alice" not in rows
    assert "192.0.2" not in rows


def test_what_says_nothing_any_more_goes(db, still):
    passed(limit(), "old")
    still.forward(minutes=1, seconds=1)
    gate.take(limit(), "new")
    assert gate.prune() == 0
    still.at += gate.SLACK
    assert gate.prune() == 1


def test_the_table_is_not_in_the_log_of_writes(db):
    with connection.cursor() as cursor:
        cursor.execute("select relpersistence from pg_class where relname = 'tenancy_limituse'")
        assert cursor.fetchone() == ("u",)
