"""Which plan holds: a pure decision, by a table and by properties."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_web.tenancy import plans
from vallum_web.tenancy.plans import ENTERPRISE, FREE, PLANS, PRO, Currency, Given, Period, What

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def pro(**more):
    return Given(source="stripe", plan="pro", **more)


@pytest.mark.parametrize(
    ("rows", "plan", "seats", "read_only", "kept"),
    [
        pytest.param([], FREE, 3, False, 30, id="nothing given"),
        pytest.param([pro(seats=7)], PRO, 7, False, 730, id="bought seats"),
        pytest.param([pro(until=NOW)], FREE, 3, False, 730, id="over this moment: its findings stay a while"),
        pytest.param([pro(until=NOW - 14 * DAY)], FREE, 3, False, 30, id="over for 14 days: so are its findings"),
        pytest.param([pro(read_only_from=NOW)], PRO, None, True, 730, id="not paid for three weeks"),
        pytest.param([pro(read_only_from=NOW + DAY)], PRO, None, False, 730, id="not paid yet"),
        pytest.param(
            [pro(read_only_from=NOW), Given(source="trial", plan="pro", until=NOW + DAY)],
            PRO, None, False, 730, id="what is given beside it is not stopped",
        ),
        pytest.param(
            [pro(read_only_from=NOW), Given(source="settings", plan="free")], PRO, None, True, 730, id="Free is no way out"
        ),
        pytest.param(
            [pro(seats=5), Given(source="grant", plan="enterprise", until=NOW + DAY)],
            ENTERPRISE, None, False, 3650, id="the greater one",
        ),
        pytest.param([pro(seats=5), Given(source="trial", plan="pro", seats=9)], PRO, 9, False, 730, id="more seats"),
    ],
)  # fmt: skip
def test_which_plan_holds(rows, plan, seats, read_only, kept):
    holds = plans.entitle(rows, NOW)
    assert (holds.plan, holds.seats, holds.read_only, holds.window.most) == (plan, seats, read_only, kept)


moments = st.none() | st.integers(-40, 40).map(lambda days: NOW + days * DAY)
rows = st.builds(
    Given,
    source=st.sampled_from(["settings", "grant", "trial", "stripe"]),
    plan=st.sampled_from(sorted(PLANS)),
    seats=st.none() | st.integers(1, 50),
    until=moments,
    read_only_from=moments,
)


def worth(holds):
    return holds.plan.rank if not holds.read_only else 0, float("inf") if holds.seats is None else holds.seats


@given(st.lists(rows, max_size=4), rows)
def test_one_thing_more_that_is_given_never_takes_a_plan_away(some, more):
    before, after = plans.entitle(some, NOW), plans.entitle([*some, more], NOW)
    if not before.read_only:
        assert after.plan.rank >= before.plan.rank
        assert not after.read_only or before.plan is FREE
    assert after.window.most >= before.window.most


@given(st.lists(rows, max_size=4))
def test_the_order_of_what_is_given_says_nothing(some):
    forth, back = plans.entitle(some, NOW), plans.entitle(some[::-1], NOW)
    assert worth(forth) == worth(back)
    assert forth.window == back.window


@given(st.lists(rows, max_size=4), st.integers(0, 100))
def test_time_alone_gives_nothing(some, days):
    """Nobody climbs by waiting; what is over stays over."""
    now, later = plans.entitle(some, NOW), plans.entitle(some, NOW + days * DAY)
    assert later.plan.rank <= now.plan.rank or now.read_only or later.read_only
    assert later.window.most <= now.window.most


@given(st.lists(rows, max_size=4))
def test_what_is_over_for_everybody_is_free(some):
    long_after = NOW + 1000 * DAY
    if all(row.until for row in some):
        holds = plans.entitle(some, long_after)
        assert (holds.plan, holds.read_only, holds.window) == (FREE, False, FREE.window)


@pytest.mark.parametrize(
    ("what", "used", "fits"),
    [
        pytest.param(What.MEMBERS, 2, True, id="the third member"),
        pytest.param(What.MEMBERS, 3, False, id="a fourth"),
        pytest.param(What.REPOSITORIES, 5, False, id="a sixth repository"),
        pytest.param(What.HOSTS, 2, True, id="the third host"),
        pytest.param(What.CLUSTERS, 1, False, id="a second cluster"),
        pytest.param(What.CLOUDS, 9, False, id="far above, after a move down"),
    ],
)
def test_what_free_has_room_for(what, used, fits):
    assert plans.room(plans.entitle([], NOW), what, used=used) is fits


def test_a_year_costs_a_fifth_less():
    for currency in Currency:
        assert PRO.prices[currency, Period.YEAR] * 10 == PRO.prices[currency, Period.MONTH] * 12 * 8
