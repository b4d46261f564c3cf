from datetime import UTC, date, datetime, timedelta

import pytest

from vallum_web.ui import ago

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        pytest.param(timedelta(seconds=0), "just now", id="now"),
        pytest.param(timedelta(seconds=-44), "just now", id="under a minute"),
        pytest.param(timedelta(seconds=20), "just now", id="a clock a little ahead"),
        pytest.param(timedelta(seconds=-50), "1 minute ago", id="nearly a minute"),
        pytest.param(timedelta(minutes=-59), "59 minutes ago", id="nearly an hour"),
        pytest.param(timedelta(hours=-1), "1 hour ago", id="an hour"),
        pytest.param(timedelta(hours=-47), "47 hours ago", id="hours go on until two days"),
        pytest.param(timedelta(days=-2), "2 days ago", id="two days"),
        pytest.param(timedelta(days=-15), "2 weeks ago", id="two weeks"),
        pytest.param(timedelta(days=-61), "2 months ago", id="two months"),
        pytest.param(timedelta(days=-731), "2 years ago", id="two years"),
        pytest.param(timedelta(hours=3), "in 3 hours", id="later"),
    ],
)
def test_a_distance_in_time_is_told_in_words(distance, expected):
    assert ago.in_words(NOW + distance, NOW) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(date(2026, 11, 24), "today", id="today"),
        pytest.param(date(2026, 11, 23), "yesterday", id="yesterday"),
        pytest.param(date(2026, 11, 25), "tomorrow", id="tomorrow"),
        pytest.param(date(2026, 12, 1), "in 7 days", id="days ahead"),
        pytest.param(date(2026, 9, 1), "2 months ago", id="months back"),
    ],
)
def test_a_date_is_told_in_whole_days(at, expected):
    assert ago.in_words(at, NOW) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(0.42, "0.4 s", id="under ten seconds with a decimal"),
        pytest.param(12.4, "12 s", id="seconds"),
        pytest.param(200, "3 min 20 s", id="minutes"),
        pytest.param(7500, "2 h 5 min", id="hours"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds, expected):
    assert ago.span(seconds) == expected
