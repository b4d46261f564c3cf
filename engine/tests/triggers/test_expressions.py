"""What is known of an expression without running it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.errors import BrokenData
from vallum_engine.expressions import UNBOUNDED, needed, trigger, width


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param(rb"\b(ghp_[A-Za-z0-9]{36})\b", rb"\b(?:ghp_[A-Za-z0-9]{36})\b", id="a word in a group ends once"),
        pytest.param(rb"(?<!\w)key-[\w-]{8,20}(?![\w-])", rb"key-[\w-]{8}", id="look-arounds go, the end is the first"),
        pytest.param(rb"a[0-9]{2,4}\b", rb"a[0-9]{2,4}\b", id="a word ends once"),
        pytest.param(rb"ab?", b"a", id="nothing optional at the end"),
        pytest.param(rb"(?i:x)(?:ab+|c*d{2,})", b"(?i:x)(?:ab{1}|c*d{2})", id="every branch ends first"),
        pytest.param(rb"a(?:b{2,3}c?){1,4}", b"a(?:b{2}){1}", id="a repeated group, once"),
        pytest.param(rb"a(?P<v>b)=?", b"a(?:b)", id="names go"),
    ],
)
def test_a_trigger_ends_where_it_must(pattern: bytes, expected: bytes) -> None:
    assert trigger(pattern).text == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param(rb"abc", (3, 3), id="literal"),
        pytest.param(rb"a{2,5}[bc]?", (2, 6), id="repeats"),
        pytest.param(rb"(?:ab|c)\b(?=def)", (1, 2), id="branches and places"),
        pytest.param(rb"a+", (1, UNBOUNDED), id="no greatest"),
        pytest.param(rb"\x41[^\]x]{3}\.", (5, 5), id="escapes and classes"),
    ],
)
def test_widths(pattern: bytes, expected: tuple[int, int]) -> None:
    assert width(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param(rb"\b(GHP_[a-z]+)", {b"ghp_"}, id="literal in lower case"),
        pytest.param(rb"(?:abc|de)[0-9]f", {b"abc", b"de"}, id="one of the branches"),
        pytest.param(rb"(?:abc|[0-9])z", {b"z"}, id="a branch that needs nothing is no help"),
        pytest.param(rb"(?:abc)?z{2}", {b"z"}, id="what is optional is not needed"),
        pytest.param(rb"[a-z]+", set(), id="nothing"),
    ],
)
def test_needed_literals(pattern: bytes, expected: set[bytes]) -> None:
    assert needed(pattern) == expected


@pytest.mark.parametrize("pattern", [b"(a", b"a)", b"*a", b"a[b", rb"\b+"])
def test_what_cannot_be_read_is_refused(pattern: bytes) -> None:
    with pytest.raises(BrokenData, match="Expression"):
        trigger(pattern)


@given(st.text("abxy01-", max_size=30))
def test_every_match_begins_with_a_match_of_its_trigger(text: str) -> None:
    for pattern in (rb"\ba[\w-]{1,4}(?!x)", rb"(?:ab|x{2,})y*\b", rb"(?<=a)b[01]{0,3}-?"):
        short = re.compile(trigger(pattern).text)
        for found in re.finditer(pattern, text.encode()):
            assert short.match(text.encode(), found.start())
