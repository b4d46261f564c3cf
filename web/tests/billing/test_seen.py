"""What a subscription entitles to: a pure decision about what a provider said and the time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_web.billing.models import Status
from vallum_web.billing.money import price, written
from vallum_web.billing.seen import ALIVE, GRACE, NOTHING_YET, OVER, Seen, best, entitle
from vallum_web.billing.services.letters import step

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def seen(status=Status.ACTIVE, **more):
    values = {
        "subscription_id": "sub_1",
        "price_id": "price_1",
        "plan": "pro",
        "seats": 5,
        "period_end": NOW + 10 * DAY,
    }
    return Seen(status=status, **{**values, **more})


@pytest.mark.parametrize(
    ("said", "days", "plan", "read_only"),
    [
        pytest.param(seen(), 0, "pro", False, id="paid"),
        pytest.param(seen(), 16, "pro", False, id="the provider cannot be asked: a week more"),
        pytest.param(seen(), 17, "free", False, id="and then no more"),
        pytest.param(seen(cancel_at=NOW + 10 * DAY), 9, "pro", False, id="cancelled, and not over"),
        pytest.param(seen(cancel_at=NOW + 10 * DAY), 10, "free", False, id="what ends on a day ends that day"),
        pytest.param(seen(Status.INCOMPLETE), 0, "free", False, id="nothing was paid yet"),
        pytest.param(seen(Status.TRIALING), 0, "pro", False, id="the first payment is agreed for later"),
        pytest.param(seen(Status.CANCELED, cancel_at=NOW - DAY), 0, "free", False, id="over"),
        pytest.param(seen(Status.UNPAID, cancel_at=NOW), 0, "free", False, id="the provider gave up"),
        pytest.param(
            seen(Status.PAST_DUE, owed_since=NOW, period_end=NOW + 30 * DAY), 20, "pro", False, id="20 days late"
        ),
        pytest.param(
            seen(Status.PAST_DUE, owed_since=NOW, period_end=NOW + 30 * DAY), 21, "pro", True, id="21 days late"
        ),
        pytest.param(
            seen(Status.PAST_DUE, owed_since=NOW, period_end=NOW + 300 * DAY), 35, "free", False, id="35 days late"
        ),
        pytest.param(
            seen(owed_since=NOW - 40 * DAY), 0, "pro", False, id="an old invoice, and the provider says it is fine"
        ),
    ],
)
def test_what_holds(said, days, plan, read_only):
    holds = entitle("stripe", said, NOW + days * DAY)
    assert (holds.plan.id, holds.read_only) == (plan, read_only)
    assert holds.seats == (5 if plan == "pro" else 3)


moments = st.integers(-60, 60).map(lambda days: NOW + days * DAY)
mirrors = st.builds(
    seen,
    st.sampled_from(Status),
    period_end=st.none() | moments,
    cancel_at=st.none() | moments,
    owed_since=st.none() | moments,
    seats=st.integers(1, 500),
)


@given(mirrors, moments)
def test_nobody_gets_more_than_was_bought_nor_for_longer(said, now):
    holds = entitle("stripe", said, now)
    if holds.plan.id == "free":
        return
    assert said.status not in NOTHING_YET
    assert (holds.plan.id, holds.seats) == ("pro", said.seats)
    assert said.cancel_at is None or now < said.cancel_at
    assert said.period_end is None or said.cancel_at or now < said.period_end + GRACE


@given(mirrors, moments)
def test_who_has_paid_is_never_locked_out(said, now):
    if (
        said.status in ALIVE
        and said.period_end
        and now < said.period_end
        and not said.cancel_at
        and not said.owed_since
    ):
        holds = entitle("stripe", said, now)
        assert (holds.plan.id, holds.read_only) == ("pro", False)


@given(mirrors, moments, st.integers(0, 100))
def test_time_alone_gives_nothing(said, now, days):
    before, after = entitle("stripe", said, now), entitle("stripe", said, now + days * DAY)
    assert after.plan.rank <= before.plan.rank
    assert not (before.read_only and after.plan.rank and not after.read_only)


@given(mirrors, moments)
def test_what_is_over_never_holds_after_its_end(said, now):
    if (
        said.status in OVER
        and (said.cancel_at is None or said.cancel_at <= now)
        and (said.cancel_at or not said.period_end)
    ):
        assert entitle("stripe", said, now).plan.id == "free"


@given(st.lists(mirrors, max_size=4))
def test_of_several_one_that_lives_counts(many):
    chosen = best("stripe", many)
    alive = [said for said in many if said.status in ALIVE]
    if alive:
        assert chosen is not None
        assert chosen.seats in {said.seats for said in alive}


@pytest.mark.parametrize(
    ("hours", "due"), [(-1, None), (0, 0), (71, 0), (72, 3), (24 * 8, 7), (24 * 20, 14), (24 * 21, 21), (24 * 400, 21)]
)
def test_which_reminder_is_due(hours, due):
    assert step(NOW, NOW + timedelta(hours=hours)) == due


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (20300, "EUR", "€203.00"),
        (1900_00, "INR", "₹1,900.00"),
        (5, "EUR", "€0.05"),
        (-250, "EUR", "-€2.50"),
        (100, "USD", "USD 1.00"),
    ],
)
def test_amounts_in_words(amount, currency, words):
    assert written(amount, currency) == words


def test_prices_in_words():
    assert price("pro", "year", "EUR", 3) == "€835.20 a year"
    assert price("free", "month", "EUR", 3) == ""
