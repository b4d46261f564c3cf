import itertools

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


@given(st.lists(st.floats(0, 1e9), max_size=60))
def test_a_line_stays_on_its_canvas(values):
    drawn = charts.line(values, width=96, height=20)
    spots = [tuple(map(float, spot.split(","))) for spot in drawn.points.split()]
    assert all(0 <= x <= 96 and 0 <= y <= 20 for x, y in spots)
    assert len(spots) >= 2 or not values


@given(st.lists(st.tuples(st.text(), st.integers(0, 10**9)), max_size=60))
def test_columns_stand_on_the_base_and_side_by_side(values):
    drawn = charts.columns(values)
    assert all(column.y + column.height == pytest.approx(100, abs=0.02) for column in drawn)
    assert all(left.x + left.width <= right.x + 0.01 for left, right in itertools.pairwise(drawn))


def test_a_small_change_looks_small():
    drawn = charts.line([98, 100], width=96, height=20)
    left, right = (float(spot.split(",")[1]) for spot in drawn.points.split())
    assert left - right < 1
