"""No cell is a formula, and nothing of it is lost."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_web.ui.spreadsheet import cell, line


@pytest.mark.asvs("1.2.10")
@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", '=HYPERLINK("http://x","y")'],  # noqa: RUF001 - the forms that spreadsheets read alike
)
def test_a_formula_becomes_a_text(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [1, -1, 0, "1", "a=b", "", "it's", "a\nb"])
def test_anything_else_stays(value):
    assert cell(value) == value


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1))
def test_a_line_is_read_as_it_was_written(cells):
    (read,) = csv.reader(io.StringIO(line(cells), newline=""))
    assert read == [cell(value) for value in cells]
    assert [text.removeprefix("'") if text != value else text for text, value in zip(read, cells, strict=True)] == cells
    assert line(cells).endswith("\r\n")
