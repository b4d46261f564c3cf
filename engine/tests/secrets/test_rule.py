"""Rules are read strictly, and the compact form is the same rulebook."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.errors import BrokenData
from vallum_engine.secrets import rulebook
from vallum_engine.secrets.disguises import in_base64
from vallum_engine.secrets.rule import Specificity
from vallum_engine.secrets.rulefile import read

HEAD = 'provider = "Shop"\nreferences = ["https://shop.test/keys"]\nrotate = ["Revoke it."]\n'
RULE = (
    '[[rule]]\nid = "shop-key"\ntitle = "Shop key"\nseverity = "high"\npattern = \'\\b(shop_[a-z0-9]{20})\\b\'\n'
    'leaks = ["{lower:3}"]\nclean = ["x"]\n'
)


def test_a_rule_takes_from_its_file_what_it_does_not_say_itself() -> None:
    ((rule, found),) = read(HEAD + RULE, "shop.toml")
    assert (rule.provider, rule.rotate, rule.references) == ("Shop", ("Revoke it.",), ("https://shop.test/keys",))
    assert (rule.low, rule.high) == (25, 25)
    assert rule.trigger == rb"\b(?:shop_[a-z0-9]{20})\b"
    assert found.leaks == ("{lower:3}",)


def test_a_rule_may_be_revoked_elsewhere_than_its_file_says_or_nowhere() -> None:
    for own, page in (("", "https://shop.test/keys"), ("https://shop.test/hooks", "https://shop.test/hooks")):
        text = RULE.replace("title", f'revoke = "{own}"\ntitle') if own else RULE
        ((rule, _),) = read(HEAD + 'revoke = "https://shop.test/keys"\n' + text, "shop.toml")
        assert rule.revoke == page
    ((rule, _),) = read(
        HEAD + 'revoke = "https://shop.test/keys"\n' + RULE.replace("title", 'revoke = ""\ntitle'), "shop.toml"
    )
    assert rule.revoke == ""


def test_an_assignment_is_written_out() -> None:
    text = RULE.replace("pattern = '\\b(shop_[a-z0-9]{20})\\b'", "assigned_to = 'shop_?key'\nvalue = '[0-9a-f]{32}'")
    ((rule, _),) = read(HEAD + text, "shop.toml")
    assert rule.specificity is Specificity.CONTEXT
    assert b"(?i:shop[_.-]?key)" in rule.pattern
    assert rule.pattern.count(b"([0-9a-f]{32})") == 1
    assert rule.trigger == b"(?i:shop[_.-]?key)"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param('"high"', '"terrible"', "severity is none of", id="severity"),
        pytest.param('"shop-key"', '"Shop Key"', "id must be words", id="id"),
        pytest.param("title", "titel", "titel is unknown", id="misspelt key"),
        pytest.param("leaks", "min_entropy = '3'\nleaks", "min_entropy must be a number", id="number"),
        pytest.param("leaks = ", "human = 1\nleaks = ", "human must be true or false", id="flag"),
        pytest.param('["x"]', "[]", "clean must not be empty", id="no proof"),
        pytest.param('["x"]', "[1]", "clean must be a list of texts", id="texts"),
        pytest.param("{20})", "{20}", "pattern is not an expression", id="expression"),
        pytest.param("(shop", "(s)(hop", "more than one group", id="groups"),
        pytest.param("(shop_[a-z0-9]{20})", "[a-z]*", "match everywhere", id="empty trigger"),
        pytest.param("leaks", 'checksum = "crc64"\nleaks', "checksum is none of", id="checksum"),
        pytest.param("leaks", 'assigned_to = "a"\nleaks', "exclude each other", id="two kinds"),
        pytest.param("title", 'revoke = "http://shop.test/keys"\ntitle', "revoke must be an https", id="not https"),
        pytest.param("title", 'revoke = "https://a@shop.test/"\ntitle', "revoke must be an https", id="a name in it"),
        pytest.param("title", 'revoke = "https://shop.test/a b"\ntitle', "revoke must be an https", id="a space in it"),
        pytest.param("[[rule]]", "[rule]", "no \\[\\[rule\\]\\]", id="not a list"),
        pytest.param("title = ", "title", "not TOML", id="not TOML"),
        pytest.param("leaks", "rank = nan\nleaks", "rank must be a number", id="no number"),
        pytest.param("leaks", "rank = 1e400\nleaks", "rank must be a number", id="without an end"),
        pytest.param("leaks", "pair = 1\nleaks", "pair: must be a table", id="no table"),
        pytest.param("shop_", f"{'(?:' * 3000}s{')' * 3000}", "pattern is not an expression", id="too deep"),
        pytest.param("shop_", f"{'(?:' * 400}s{')' * 400}", "pattern maximum recursion", id="deep"),
        pytest.param("{20}", "{20000000000000}", "pattern is not an expression", id="endless"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, message: str) -> None:
    with pytest.raises(BrokenData, match=message) as refused:
        read(HEAD + RULE.replace(old, new), "shop.toml")
    assert str(refused.value).startswith("shop.toml")


@pytest.mark.parametrize("rules", ["rule = 1", "rule = [1]", "rule = []"])
def test_a_file_without_rules_is_refused(rules: str) -> None:
    with pytest.raises(BrokenData, match=r"shop.toml: no \[\[rule\]\] in it"):
        read(HEAD + rules, "shop.toml")


def test_own_rules_stand_behind_the_packaged_ones_and_look_for_names_no_second_time() -> None:
    book = rulebook.load(rulebook.packaged().dump())
    ((rule, _),) = read(HEAD + RULE, "shop.toml")
    both = rulebook.extended(book, [rule])
    assert both.rules == [*book.rules, rule]
    assert both.rules[-1] == both.rules[len(book.rules)] == rule
    assert both.rules[-2:] == [book.rules[-1], rule]
    own = [pattern for _, pattern in both.disguises[len(book.disguises) :]]
    assert any(form in pattern for pattern in own for form in in_base64(b"shop_"))
    assert not any(form in pattern for pattern in own for form in in_base64(b"password"))


def test_two_rules_of_one_name_are_refused() -> None:
    ((rule, _),) = read(HEAD + RULE, "shop.toml")
    with pytest.raises(BrokenData, match="Two secrets rules are called shop-key"):
        rulebook.build([rule, rule])


def test_the_compact_form_is_the_same_book() -> None:
    book = rulebook.packaged()
    assert rulebook.load(book.dump()) == book
    assert rulebook.load(book.dump()).version == book.version


@pytest.mark.parametrize(
    "dumped", [b"", b"{}", b'{"form":4,"digest":"a"}\n', b"vallum-rules/4\n", b"vallum-rules/5\n" + b"\0" * 8]
)
def test_another_form_is_refused(dumped: bytes) -> None:
    with pytest.raises(BrokenData, match="Read the packaged ones again"):
        rulebook.load(dumped)


@given(st.data())
def test_a_form_that_is_not_whole_is_refused(draw: st.DataObject) -> None:
    ((rule, _),) = read(HEAD + RULE, "shop.toml")
    dumped = rulebook.build([rule]).dump()
    at = draw.draw(st.integers(0, len(dumped) - 1))
    with pytest.raises(BrokenData, match="Read the packaged ones again"):
        rulebook.load(dumped[:at])
    head = dumped.index(b'{"id"')
    at = draw.draw(st.integers(0, head - 1))
    with pytest.raises(BrokenData, match="Read the packaged ones again"):
        rulebook.load(dumped[:at] + bytes([dumped[at] ^ 1 << draw.draw(st.integers(0, 7))]) + dumped[at + 1 :])


def test_the_stamp_follows_the_files(tmp_path, monkeypatch) -> None:
    checkout, installed = tmp_path / "rules", tmp_path / "site-packages" / "rules"
    for folder in (checkout, installed):
        folder.mkdir(parents=True)
        monkeypatch.setattr(rulebook, "FOLDER", str(folder))
        empty = rulebook.stamp()
        time.sleep(0.02)  # past the tick of the file system's clock
        (folder / "shop.toml").write_text(HEAD + RULE)
        assert len({empty, rulebook.stamp()}) == 2
        assert rulebook.stamp() == rulebook.stamp()
    monkeypatch.setattr(rulebook, "FOLDER", str(checkout))
    before = rulebook.stamp()
    with (checkout / "shop.toml").open("a") as file:
        file.write("# written to where it lies\n")
    assert rulebook.stamp() != before
