"""HTML as a tree, however it was written."""

import pytest

from vallum_engine.parsers.document import MOST_DEPTH
from vallum_engine.parsers.errors import BrokenReport
from vallum_engine.parsers.html import text_of, tree


def test_what_is_left_open_ends_with_what_it_stands_in():
    page = tree("<div><p>one<p>two</div><span>three &amp; four<br>five</span></i>")
    assert [child.tag for child in page] == ["div", "span"]
    assert text_of(page) == "onetwothree & fourfive"
    assert text_of(page.find("span")) == "three & fourfive"


def test_text_after_an_element_is_kept_in_its_place():
    assert text_of(tree("<td>a <b>b</b> c</td>").find("td")) == "a b c"


def test_depth_is_bounded():
    with pytest.raises(BrokenReport, match="nested deeper"):
        tree("<div>" * (MOST_DEPTH + 2))
