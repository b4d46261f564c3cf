import pytest

from vallum_web.ui import legible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("plain\ttext\n", [("plain\ttext\n", False)], id="tabs and line ends stay"),
        pytest.param("a\u202eb", [("a", False), ("U+202E", True), ("b", False)], id="right-to-left override"),
        pytest.param("ad\u200bmin", [("ad", False), ("U+200B", True), ("min", False)], id="zero-width space"),
        pytest.param("\x1b[31m", [("U+001B", True), ("[31m", False)], id="terminal escape"),
        pytest.param("שלום ü 漢", [("שלום ü 漢", False)], id="other scripts are text"),
    ],
)
def test_nothing_invisible_stays_invisible(text, expected):
    assert legible.pieces(text) == expected
