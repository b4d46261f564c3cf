"""Names and sizes as a person reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.model.text import printable, size


@given(st.binary())
def test_any_name_of_a_file_can_be_shown_and_sent(name):
    shown = printable(name.decode("utf-8", "surrogateescape"))
    assert shown.isprintable()
    shown.encode("utf-8")


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_at_all_can_be_shown(text):
    shown = printable(text)
    assert shown.isprintable()
    shown.encode("utf-8")


def test_what_cannot_be_shown_is_spelt():
    assert printable("a\n\x1b\u202e\udcff\ud800é") == r"a\n\x1b\u202e\xff\ud800é"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (10 << 20, "10 MiB"),
        (2 << 30, "2 GiB"),
        (5 << 40, "5120 GiB"),
    ],
)
def test_sizes(count, text):
    assert size(count) == text
