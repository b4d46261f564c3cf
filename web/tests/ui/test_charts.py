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
