"""What counts as a common password, and which words are too near to the person."""

import pytest
from django.contrib.auth.password_validation import CommonPasswordValidator

from vallum_web.accounts.passwords.context import within, words
from vallum_web.accounts.passwords.familiar import is_familiar

COMMON = CommonPasswordValidator().passwords


@pytest.mark.asvs("6.2.4")
@pytest.mark.parametrize(
    "password",
    [
        pytest.param("password1234", id="on the list"),
        pytest.param("Password2026!!", id="a year and signs added"),
        pytest.param("!!!!!password", id="signs in front"),
        pytest.param("P@ssw0rd1234", id="digits for letters"),
        pytest.param("passwordpassword", id="said twice"),
        pytest.param("monkeymonkeymonkey", id="said three times"),
        pytest.param("dragonmonkey", id="two of the list"),
        pytest.param("Dragonmonkey99", id="two of the list and a number"),
        pytest.param("aaaaaaaaaaaa", id="one letter"),
        pytest.param("ababababababab", id="two letters"),
        pytest.param("123456789012", id="counting"),
        pytest.param("098765432109", id="counting down"),
        pytest.param("qwertyuiopqwer", id="along the keyboard"),
        pytest.param("lkjhgfdsalkj", id="along the keyboard, backwards"),
        pytest.param("  password1234  ", id="with space around"),
    ],
)
def test_a_guesser_would_try_it(password):
    assert is_familiar(password, COMMON)


@pytest.mark.asvs("6.2.5")
@pytest.mark.parametrize(
    "password",
    [
        pytest.param("correct horse battery staple", id="words"),
        pytest.param("korrektpferdbatterie", id="letters alone"),
        pytest.param("472910385562", id="digits alone"),
        pytest.param("!%(/&§$?.,;:", id="signs alone"),
        pytest.param("ÄÖÜ ßßß 漢字 мышь", id="of any script"),
        pytest.param("🦊🦊 on a 🛶 at night", id="with pictures"),
        pytest.param("472910385562-love", id="much in front of a little word"),
        pytest.param("x7Kq-Vw2m-Tz9p", id="made by a machine"),
    ],
)
def test_a_guesser_would_not(password):
    assert not is_familiar(password, COMMON)


@pytest.mark.asvs("6.2.4")
def test_far_more_than_three_thousand_that_are_long_enough_are_refused():
    """What people do with the common ones to reach twelve characters: a year and a sign, or the same again."""
    worn = [form for word in sorted(COMMON) for form in (f"{word}2026!", word * 2) if 12 <= len(form) <= 20]
    refused = sum(is_familiar(form, COMMON) for form in worn)
    assert len(worn) > 5_000
    assert refused / len(worn) > 0.8
    assert refused > 3_000


@pytest.mark.asvs("6.2.11")
@pytest.mark.parametrize(
    ("password", "texts", "word"),
    [
        pytest.param("my vallum secret", [], "vallum", id="the product"),
        pytest.param("V4llum for ever and ever", [], "vallum", id="the product, with a digit"),
        pytest.param("we love acme dearly", ["Acme"], "acme", id="an organization"),
        pytest.param("the blue-green deal", ["Blue-Green Ltd"], "green", id="a part of its name"),
        pytest.param("my name is johansson", ["Ann Johansson"], "johansson", id="a name"),
        pytest.param("joha1ohanssonjohansson", ["Ann Johansson"], "johansson", id="within a word"),
        pytest.param("i am alice.smith today", ["alice.smith@example.test"], "alice", id="of the address"),
        pytest.param("at the example every day", ["alice.smith@example.test"], "example", id="of its domain"),
        pytest.param("we are testing it all", ["alice@mail.test"], None, id="an ending of domains is everybody's"),
        pytest.param("ann goes to the market", ["Ann Lee"], None, id="too short a name"),
        pytest.param("correct horse battery", ["alice@mail.test", "Acme"], None, id="nothing of them"),
    ],
)
def test_words_that_are_near_the_person(password, texts, word):
    assert within(password, words(texts)) == word
