"""The tables of licences agree with the rules that they were made by."""

import tomllib
from fnmatch import fnmatchcase

from dev.licences.__main__ import RULES, category
from vallum_engine.licenses.expression import parse
from vallum_engine.licenses.known import listed

SAID = tomllib.loads(RULES.read_text("utf-8"))
CURRENT, FREES = SAID.pop("current"), SAID.pop("exceptions")["frees"]


def test_every_licence_has_the_category_that_the_rules_say() -> None:
    for licence in listed().licences.values():
        assert licence.category == category(licence.id, SAID), licence.id


def test_every_rule_is_for_something_on_the_list() -> None:
    known = listed()
    names = [licence.id for licence in known.licences.values()]
    for patterns in SAID.values():
        for pattern in patterns:
            assert any(fnmatchcase(name, pattern) for name in names), pattern
    for pattern in FREES:
        assert any(fnmatchcase(name, pattern) for name in known.exceptions.values()), pattern


def test_what_spdx_gave_up_has_a_successor_on_the_list() -> None:
    for name, now in CURRENT.items():
        assert listed().licences[name.lower()].current in ("", now)
        assert str(parse(now)) == now
