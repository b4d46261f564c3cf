"""The rules as tables, and how often each speaks of a population in which nobody does any harm."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from vallum_web.accounts.abuse import rules
from vallum_web.accounts.abuse.rules import Habit, Hour
from vallum_web.accounts.abuse.watch import Watch

pytestmark = pytest.mark.policy("PP-2d")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
READ = frozenset({"api:list_findings", "api:read_finding"})


def tried(watch, accounts, *, password="own-{}", network="192.0.2.1/32", every=SECOND, start=NOON):
    """So many accounts, one wrong password each. What was said of it."""
    alarms = []
    for number in range(accounts):
        alarms += watch.failed(f"p{number}@example.test", password.format(number), network, start + number * every)
    return [(alarm.rule, alarm.accounts) for alarm in alarms]


class TestSigningIn:
    def test_many_accounts_from_one_network(self):
        assert tried(Watch(), 9) == []
        assert tried(Watch(), 30) == [("stuffing", 10)]

    def test_one_account_however_often_is_no_stuffing(self):
        watch = Watch()
        assert [watch.failed("a@example.test", f"p{n}", "192.0.2.1/32", NOON) for n in range(50)] == [[]] * 50

    def test_an_hour_later_it_is_forgotten(self):
        assert tried(Watch(), 30, every=7 * MINUTE) == []

    def test_from_many_networks_is_not_one(self):
        watch = Watch()
        assert [alarm for n in range(30) for alarm in tried(watch, 1, network=f"192.0.2.{n}/32")] == []

    def test_where_people_come_in_as_well_it_takes_more(self):
        watch = Watch()
        for number in range(4):
            watch.came_in(f"q{number}@example.test", "192.0.2.1/32", NOON)
        assert tried(watch, 30) == [("stuffing", 13)]

    def test_who_comes_in_after_a_slip_had_a_slip(self):
        watch = Watch()
        for number in range(40):
            who, at = f"p{number}@example.test", NOON + number * SECOND
            assert watch.failed(who, f"typo {number}", "192.0.2.1/32", at) == []
            watch.came_in(who, "192.0.2.1/32", at + SECOND)

    def test_one_password_on_five_accounts_however_slowly(self):
        assert tried(Watch(), 4, password="Spring2026!!", every=70 * MINUTE) == []
        assert tried(Watch(), 8, password="Spring2026!!", every=70 * MINUTE) == [("spraying", 5)]
        assert tried(Watch(), 8, password="Spring2026!!", every=7 * 60 * MINUTE) == []

    def test_no_password_and_no_account_is_in_memory(self):
        watch = Watch()
        watch.failed("somebody@example.test", "a very own password", "192.0.2.1/32", NOON)
        held = repr([vars(part) for part in (watch._networks, watch._passwords)]) + repr(
            watch._networks.at("192.0.2.1/32")
        )
        assert "somebody" not in held
        assert "very own" not in held
        assert watch._digest("x") != Watch()._digest("x")

    def test_memory_is_bounded(self):
        watch = Watch(most=50)
        for number in range(500):
            watch.failed("a@example.test", f"p{number}", f"2001:db8:{number:x}::/56", NOON)
        assert (len(watch._networks), len(watch._passwords)) == (50, 50)

    def test_behind_a_socket_nobody_knows_from_where(self):
        assert tried(Watch(), 50, network="") == []


@pytest.mark.parametrize(
    ("hour", "habit", "expected"),
    [
        pytest.param({"networks": 20}, {}, [], id="as many networks as may be"),
        pytest.param({"networks": 21}, {}, ["token_networks"], id="one more"),
        pytest.param({"networks": 60}, {"networks": 20}, [], id="a hosted pipeline, like before"),
        pytest.param({"networks": 61}, {"networks": 20}, ["token_networks"], id="more than three times as many"),
        pytest.param({"requests": 5000, "routes": {"a", "b", "c"}}, {}, ["token_pattern"], id="lists everything"),
        pytest.param({"requests": 5000, "routes": {"a", "b"}}, {}, [], id="two new parts: somebody tries something"),
        pytest.param({"requests": 5000}, {}, [], id="more of the same is a busy day"),
        pytest.param({"requests": 190, "routes": {"a", "b", "c"}}, {}, [], id="new, and few"),
        pytest.param({"requests": 5000, "routes": {"a", "b", "c"}}, {"age": 6 * DAY}, [], id="no habits yet"),
        pytest.param({"requests": 5000, "routes": {"a", "b", "c"}}, {"busiest": 600}, [], id="it was always busy"),
    ],
)  # fmt: skip
def test_what_is_unusual_of_a_token(hour, habit, expected):
    found = rules.judge(
        Hour(**{"requests": 10, "routes": READ, "networks": 1, **hour}),
        Habit(**{"age": 30 * DAY, "routes": READ, "busiest": 20, "networks": 1, **habit}),
    )
    assert [each.rule for each in found] == expected
    for each in found:
        assert str(each.figures["bound"]) in each.words


def test_how_often_signing_in_is_taken_for_an_attack_where_nobody_attacks():
    """1,000 offices of 1 to 400 people behind one address, a morning each.

    One in twelve mistypes, nine in ten of those get in at once, and in one office of ten a former common password goes round.
    """
    dice, alarms, attempts = random.Random(7), [], 0
    for office in range(1_000):
        watch, network = Watch(), f"198.51.{office // 250}.{office % 250}/32"
        people = min(400, int(dice.paretovariate(0.8)))
        shared = dice.random() < 0.1
        for number in range(people):
            at, who = NOON + dice.random() * 60 * MINUTE, f"{number}@o{office}.test"
            slipped = dice.random() < 1 / 12
            attempts += 1 + slipped
            if slipped:
                wrong = "Welcome2026!" if shared and dice.random() < 0.05 else f"{number}-{office}"
                alarms += watch.failed(who, wrong, network, at)
            if not slipped or dice.random() < 0.9:
                watch.came_in(who, network, at)
    assert attempts > 3_000
    assert len(alarms) / 1_000 <= 0.001, f"{len(alarms)} false alarms of 1,000 mornings"


def test_how_often_a_token_that_does_no_harm_is_taken_for_unusual():
    """200 tokens for 60 days of ten busy hours: pipelines from one place and from hosted runners.

    There are busy hours, and in one of twenty a part of the API is used that was not used before.
    """
    dice, spoke, hours = random.Random(11), 0, 0
    for token in range(200):
        hosted, base = token % 3 == 0, dice.randint(1, 60)
        known, routes, busiest, networks = set(), [f"r{n}" for n in range(dice.randint(1, 4))], 0, 0
        for hour in range(600):
            if dice.random() < 0.05:
                routes.append(f"r{len(routes)}")
            requests = int(base * dice.lognormvariate(0, 0.7)) + 1
            seen = Hour(requests=requests, routes=set(routes), networks=dice.randint(1, 12) if hosted else 1)
            before = Habit(age=hour / 10 * DAY, routes=known, busiest=busiest, networks=networks)
            hours += 1
            if found := rules.judge(seen, before):
                spoke += len(found)
            else:
                known |= seen.routes
                busiest, networks = max(busiest, requests), max(networks, seen.networks)
    assert hours == 120_000
    assert spoke / hours <= 0.0001, f"{spoke} of {hours} hours"
