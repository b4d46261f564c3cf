"""Which part of a file a server says that it sends."""

import pytest

from vallum.advisories.download import _Broken, _range


@pytest.mark.parametrize(
    ("said", "means"),
    [
        pytest.param("bytes 100-199/200", (100, 200), id="the rest of a file"),
        pytest.param("bytes 0-9/*", (0, None), id="of any length"),
        pytest.param("bytes 0-9/" + "9" * 5000, (0, None), id="of a length that no file has"),
        pytest.param("bytes 0-9/\u00b2", (0, None), id="of a length that is no number"),
    ],
)
def test_a_part_is_known_by_its_start(said, means):
    assert _range({"content-range": said}) == means


@pytest.mark.parametrize("said", ["", "lines 1-2/3", "bytes -9/10", "bytes \u00b2-9/10", f"bytes {'9' * 5000}-9/10"])
def test_a_start_that_is_no_number_is_none(said):
    with pytest.raises(_Broken, match="which part"):
        _range({"content-range": said})
