"""What looks random is judged by its alphabet and its length."""

import random
import string

import pytest

from vallum_engine.model.finding import Confidence
from vallum_engine.secrets import rulebook
from vallum_engine.secrets.context import trust
from vallum_engine.secrets.entropy import alphabet, expected, shannon

GENERIC = next(rule for rule in rulebook.packaged().rules if rule.id == "generic-secret")
CHARACTERS = {
    "hexadecimal": "0123456789abcdef",
    "base32": string.ascii_uppercase + "234567",
    "letters of one case and digits": string.ascii_lowercase + string.digits,
    "base62": string.ascii_letters + string.digits,
    "base64": string.ascii_letters + string.digits + "+/",
}


def noise(name, length, count=600):
    source = random.Random(f"{name} {length}")
    return ["".join(source.choices(CHARACTERS[name], k=length)).encode() for _ in range(count)]


@pytest.mark.parametrize("length", [16, 20, 32, 64, 150])
@pytest.mark.parametrize("name", CHARACTERS)
def test_the_expected_randomness_is_what_noise_has(name, length):
    found = [shannon(value) for value in noise(name, length)]
    assert sum(found) / len(found) == pytest.approx(expected(length, len(CHARACTERS[name])), abs=0.03)


@pytest.mark.parametrize("length", [32, 40, 64])
@pytest.mark.parametrize("name", CHARACTERS)
def test_noise_is_written_in_its_own_alphabet(name, length):
    assert {alphabet(value)[1] for value in noise(name, length, 200)} <= {name, "base62"}
    assert sum(alphabet(value)[1] == name for value in noise(name, length, 200)) > 100


@pytest.mark.parametrize(
    ("name", "length"),
    [("letters of one case and digits", 16), ("base62", 16), ("base62", 20), ("base62", 64), ("base64", 88)],
)
def test_noise_behind_a_name_is_found_whatever_its_length(name, length):
    values = [value for value in noise(name, length) if any(48 <= each < 58 for each in value)]
    found = sum(trust(GENERIC, value, b"api_key = ", "a.py") is not None for value in values)
    assert found / len(values) > 0.95


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"Ama123ah12@#!Xaamdjbdkl@#112", id="typed by hand"),
        pytest.param(b"BAG61F63105e0d3669/e066+5C5DFBE2c127d395LBGG", id="hexadecimal with something around it"),
        pytest.param(b"a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2", id="a pattern"),
        pytest.param(b"Qx7" * 20, id="the same again"),
        pytest.param(b"00000000000000001111111122223333", id="hexadecimal by hand"),
    ],
)
def test_what_is_far_less_random_than_its_alphabet_allows_is_left_alone(value):
    assert trust(GENERIC, value, b"secret = ", "a.py") is None


def test_a_key_of_128_bits_is_surer_than_a_short_one_and_than_what_may_be_a_hash():
    def confidence(name, length):
        found = [trust(GENERIC, value, b"api_key = ", "a.py") for value in noise(name, length, 100)]
        return max((each.confidence for each in found if each), key=lambda each: each.rank)

    assert confidence("base62", 22) is Confidence.MEDIUM
    assert confidence("letters of one case and digits", 25) is Confidence.MEDIUM
    assert confidence("base62", 16) is Confidence.LOW
    assert confidence("hexadecimal", 64) is Confidence.LOW


def test_the_evidence_says_both_figures():
    [value] = noise("base62", 40, 1)
    assert "where noise in base62 has 4.8" in trust(GENERIC, value, b"api_key = ", "a.py").reason
