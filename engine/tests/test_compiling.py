"""Expressions that are compiled once are the very ones that the standard library makes."""

import marshal
import re

import pytest

from vallum_engine import compiling
from vallum_engine.secrets import rulebook


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    anew(monkeypatch)


def anew(monkeypatch):
    """As in a new process."""
    for name in ("_compiled", "_kept", "_new"):
        monkeypatch.setattr(compiling, name, {})


def test_every_packaged_rules_expression_comes_back_as_it_was(monkeypatch):
    patterns = {(rule.pattern, re.DOTALL) for rule in rulebook.packaged().rules if rule.pattern}
    patterns |= {(r"(?P<one>a)(?P<two>b)?|ä", re.IGNORECASE), (r"(?x) a  b", 0), (rb"", 0)}
    made = {pair: compiling.expression(*pair) for pair in patterns}
    kept = compiling.learned()
    assert kept is not None
    anew(monkeypatch)
    monkeypatch.setattr(compiling, "_made", lambda *_: pytest.fail("compiled again"))
    compiling.remember(kept)
    for (pattern, flags), found in made.items():
        again = compiling.expression(pattern, flags)
        assert again == found == re.compile(pattern, flags)
        assert (again.groups, dict(again.groupindex), again.flags) == (
            found.groups,
            dict(found.groupindex),
            found.flags,
        )
    assert compiling.expression(r"(?P<one>a)(?P<two>b)?|ä", re.IGNORECASE).fullmatch("AB")["two"] == "B"
    assert compiling.learned() is None


def test_what_is_kept_is_not_lost_when_more_is_learned(monkeypatch):
    compiling.expression(rb"one")
    first = compiling.learned()
    anew(monkeypatch)
    compiling.remember(first)
    assert compiling.expression(rb"two").fullmatch(b"two")
    both = marshal.loads(compiling.learned())
    assert {pattern for pattern, _ in both} == {b"one", b"two"}


@pytest.mark.parametrize("kept", [b"", b"noise", marshal.dumps(7), marshal.dumps([1, 2]), marshal.dumps("text")])
def test_what_is_malformed_is_nothing(kept):
    compiling.remember(kept)
    assert compiling.expression(rb"a+").fullmatch(b"aaa")


@pytest.mark.parametrize(
    "parts",
    [
        None,
        (),
        (0, b"", 0, {}, (None,)),
        (0, b"abc", 0, {}, (None,)),
        (0, b"\xff" * 400, 0, {}, (None,)),
        ("0", b"", "", 0, 0),
    ],
)
def test_code_that_is_not_sound_is_not_taken(parts):
    compiling.remember(marshal.dumps({(b"a+", 0): parts}))
    assert compiling.expression(rb"a+").fullmatch(b"aaa")


def test_a_library_that_works_otherwise_costs_time_alone(monkeypatch):
    def gone(name):
        raise ImportError(name)

    monkeypatch.setattr(compiling, "load", gone)
    assert compiling.expression(rb"a+").fullmatch(b"aaa")
    assert compiling.learned() is None


def test_a_wrong_expression_says_so():
    with pytest.raises(re.error):
        compiling.expression(rb"(")
