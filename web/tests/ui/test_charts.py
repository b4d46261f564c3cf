import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_web.ui import charts


@given(st.dictionaries(st.sampled_from(charts.SEVERITIES), st.integers(0, 10**7)))
def test_a_bar_is_full_ordered_and_hides_nothing(counts):
    bar = charts.segments(counts)
    assert [part.severity for part in bar] == [name for name in charts.SEVERITIES if counts.get(name)]
    assert all(part.width >= 1.5 for part in bar)
    if bar:
        assert bar[-1].x + bar[-1].width == pytest.approx(100, abs=0.02)


@pytest.mark.parametrize(
    ("values", "paths", "dots"),
    [
        pytest.param([], (), (), id="nothing"),
        pytest.param([5], (), ((0.0, 60.0),), id="one number is a dot"),
        pytest.param([0, 10], ("M0 120 L600 0",), (), id="from the floor to the top"),
        pytest.param([10, 10, None, 0, 0], ("M0 0 L150 0", "M450 120 L600 120"), (), id="a gap breaks the line"),
        pytest.param([10, None, 0], (), ((0.0, 0.0), (600.0, 120.0)), id="numbers with gaps around them are dots"),
    ],
)
def test_a_line(values, paths, dots):
    (line,) = charts.lines({"Risk": values}, [str(number) for number in range(len(values))]).lines
    assert (line.paths, line.dots) == (paths, dots)


def test_each_step_says_its_numbers_and_the_strips_leave_no_gap():
    chart = charts.lines({"Real risk": [1200, None, 3], "After decisions": [900, None, 0]}, ["Mon", "Tue", "Wed"])
    assert [place.said for place in chart.places] == [
        "Mon: Real risk 1,200, After decisions 900",
        "Tue: not measured",
        "Wed: Real risk 3, After decisions 0",
    ]
    assert [(place.x, place.middle, place.width) for place in chart.places] == [
        (0.0, 0.0, 150.0),
        (150.0, 300.0, 300.0),
        (450.0, 600.0, 150.0),
    ]


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 10), (10, 10), (11, 20), (21, 50), (51, 100), (101, 200), (199_999, 200_000), (2.5e8, 5 * 10**8)],
)
def test_an_axis_ends_at_a_round_number(value, top):
    assert charts.ceiling(value) == top
