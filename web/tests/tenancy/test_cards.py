import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_web.tenancy.cards import is_card, masked, spans

# Numbers that issuers publish for tests, put together here so that no card number stands in the tree.
VISA, MASTERCARD, AMEX = "4" + "1" * 15, "55555555" + "55554444", "3782" + "822463" + "10005"
RUPAY, UNIONPAY = "6074" + "8200" + "0000" + "0007", "6200" + "0000" + "0000" + "0005"


def grouped(number, between=" "):
    return between.join(number[at : at + 4] for at in range(0, len(number), 4))


@pytest.mark.policy("PP-1.4b")
@pytest.mark.parametrize("number", [VISA, MASTERCARD, AMEX, UNIONPAY])
@pytest.mark.parametrize(
    "written", [str, grouped, lambda number: grouped(number, "-")], ids=["bare", "spaces", "hyphens"]
)
def test_a_card_number_is_masked_however_it_is_written(number, written):
    text = f"Please charge {written(number)}, thank you."
    assert masked(text) == f"Please charge [card …{number[-4:]}], thank you."


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("4" + "1" * 14 + "2", id="wrong check digit"),
        pytest.param("1" + "1" * 15, id="no issuer's"),
        pytest.param("0" * 16, id="zeros"),
        pytest.param("4" * 16, id="one digit"),
        pytest.param(f"a{VISA}", id="inside a word"),
        pytest.param(f"{VISA}9f", id="inside a hash"),
        pytest.param(f"commit/{VISA}", id="in a path"),
        pytest.param(f"1.{VISA}", id="in a version"),
        pytest.param(f"2026-11-26T10:00:00.{VISA}", id="in a time"),
        pytest.param("019aa1c2-4111-7111-8111-111111111111", id="in a UUID"),
    ],
)
def test_what_is_no_card_number_stays(text):
    assert masked(text) == text


@given(st.text(alphabet="0123456789 -aZ", max_size=400))
def test_masking_twice_is_masking_once(text):
    once = masked(text)
    assert masked(once) == once
    assert list(spans(once)) == []


def test_a_long_row_of_digits_costs_no_time():
    assert masked("4 " * 40_000).count("card") == 0
    assert not is_card("4" * 40_000)
