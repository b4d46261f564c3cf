"""The clauses of the privacy policy and what makes each true, read from `clauses.toml`. Pure: no database, no clock."""

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any


class Claim(StrEnum):
    """How a clause is made true, as its entry says; the tests and the figures say whether it is."""

    PROVEN = "proven"
    """Proof that bear its id passed, and a live figure keeps its bound."""
    ABSENT = "absent"
    """What it speaks of is not built, so it cannot be broken; a test that bears its id holds that."""
    ATTESTED = "attested"
    """Nothing the software can see: whoever runs it states it."""


class BrokenClausesError(ValueError):
    """An entry of clauses.toml that is not whole; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One promise. `sentences` are ids in the privacy text; `settings` are where an operator states what is attested."""

    id: str
    says: str
    claim: Claim
    control: str
    sentences: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        return self.id.lower().replace(".", "-")


@cache
def clauses() -> Mapping[str, Clause]:
    """All of them by id, in the policy's order. Raises BrokenClausesError."""
    return read((files(__package__) / "clauses.toml").read_text("utf-8"))


def read(text: str) -> Mapping[str, Clause]:
    try:
        found = [_clause(row) for row in tomllib.loads(text)["clause"]]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise BrokenClausesError(f"clauses.toml cannot be read: {error}") from error
    twice = sorted(name for name, count in Counter(clause.id for clause in found).items() if count > 1)
    if twice:
        raise BrokenClausesError(f"clauses.toml has {', '.join(twice)} twice")
    return MappingProxyType({clause.id: clause for clause in found})


_TEXTS = ("id", "says", "claim", "control")
_LISTS = ("sentences", "settings")


def _clause(row: Mapping[str, Any]) -> Clause:
    name = str(row.get("id", "an entry"))
    missing = [key for key in _TEXTS if not row.get(key)]
    unknown = sorted(row.keys() - {*_TEXTS, *_LISTS})
    if missing or unknown:
        raise BrokenClausesError(f"clauses.toml, {name}: missing {missing}, unknown {unknown}")
    try:
        claim = Claim(row["claim"])
    except ValueError as error:
        raise BrokenClausesError(f"clauses.toml, {name}: {error}") from error
    lists = {key: tuple(map(str, row.get(key, ()))) for key in _LISTS}
    if (claim is Claim.ATTESTED) is not bool(lists["settings"]):
        raise BrokenClausesError(
            f"clauses.toml, {name}: settings are for what an operator attests, and that needs them"
        )
    return Clause(id=name, says=str(row["says"]), claim=claim, control=str(row["control"]), **lists)
