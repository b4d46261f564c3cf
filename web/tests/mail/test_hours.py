"""Quiet hours, in the person's own time."""

from datetime import UTC, datetime, time

import pytest

from vallum_web.mail.hours import free_at


def at(day, hour, minute=0, month=6):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "begin", "end", "free"),
    [
        pytest.param(at(1, 12), "UTC", None, None, at(1, 12), id="none"),
        pytest.param(at(1, 12), "UTC", time(8), time(8), at(1, 12), id="from eight to eight is never"),
        pytest.param(at(1, 12), "UTC", time(22), time(7), at(1, 12), id="by day"),
        pytest.param(at(1, 23), "UTC", time(22), time(7), at(2, 7), id="in the evening"),
        pytest.param(at(2, 3), "UTC", time(22), time(7), at(2, 7), id="after midnight"),
        pytest.param(at(2, 7), "UTC", time(22), time(7), at(2, 7), id="the end is free"),
        pytest.param(at(1, 13), "UTC", time(12), time(14), at(1, 14), id="at noon"),
        pytest.param(at(1, 21), "Europe/Paris", time(22), time(7), at(2, 5), id="in Paris it is later"),
        pytest.param(at(1, 12), "America/New_York", time(22), time(9), at(1, 13), id="in New York it is earlier"),
        pytest.param(
            at(29, 0, month=3),
            "Europe/Paris",
            time(0),
            time(2, 30),
            at(29, 1, 30, month=3),
            id="an end that is skipped",
        ),
        pytest.param(at(1, 23), "No/Where", time(22), time(7), at(2, 7), id="an unknown zone is UTC"),
    ],
)
def test_when_somebody_is_awake(now, zone, begin, end, free):
    assert free_at(now, zone, begin, end) == free
