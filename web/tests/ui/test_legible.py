import pytest

from vallum_web.ui import legible
from vallum_web.ui.templatetags.ui import coded


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Run `npm install x@2`.", "Run <code>npm install x@2</code>.", id="a command"),
        pytest.param("`a` then `b`", "<code>a</code> then <code>b</code>", id="two"),
        pytest.param("one ` alone", "one ` alone", id="a backtick without its pair"),
        pytest.param("`<b>`", "<code>&lt;b&gt;</code>", id="markup inside"),
        pytest.param("plain", "plain", id="none"),
    ],
)
def test_commands_in_steps_are_shown_as_code(text, shown):
    assert coded(text) == shown
