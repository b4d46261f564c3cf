"""The kinds of mail, from `kinds.toml`."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from vallum_web.tenancy.limits.catalogue import period

_KEYS = frozenset({"id", "title", "essential", "good_for", "again", "wanted", "confirmed", "what"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind. What is not essential can be switched off, by each person for themselves."""

    id: str
    title: str
    essential: bool
    good_for: timedelta
    again: bool
    """Sent again where nobody knows whether it arrived."""
    wanted: bool
    """Whether somebody gets it who has said nothing."""
    what: str
    confirmed: bool = False
    """A notice of it is read when its reader says so, one by one: looking at a list is no proof."""


class BrokenKindError(ValueError):
    """An entry that is not whole, or a kind that there is none of; the message names it."""


@cache
def all_kinds() -> dict[str, Kind]:
    """By id, in the file's order. Raises BrokenKindError."""
    return read((files(__package__) / "kinds.toml").read_text("utf-8"))


def read(text: str) -> dict[str, Kind]:
    """Raises BrokenKindError unless every entry is whole, and every id stands once."""
    found: dict[str, Kind] = {}
    for entry in tomllib.loads(text)["kind"]:
        kind = _kind(entry)
        if kind.id in found:
            raise BrokenKindError(f"kinds.toml has {kind.id} twice")
        found[kind.id] = kind
    return found


def named(name: str) -> Kind:
    try:
        return all_kinds()[name]
    except KeyError:
        raise BrokenKindError(
            f"kinds.toml names no {name!r}: add the kind, with its class, before a mail of it."
        ) from None


def confirmed() -> list[str]:
    """The ids of those whose notices are read one by one."""
    return [kind.id for kind in all_kinds().values() if kind.confirmed]


def optional() -> list[Kind]:
    """What a person can choose."""
    return [kind for kind in all_kinds().values() if not kind.essential]


def _kind(entry: dict[str, Any]) -> Kind:
    name = entry.get("id", "an entry")
    if unknown := sorted(entry.keys() - _KEYS):
        raise BrokenKindError(f"kinds.toml, {name}: {', '.join(unknown)} means nothing here")
    essential = entry.get("essential")
    if essential is ("wanted" in entry):
        raise BrokenKindError(
            f"kinds.toml, {name}: what is not essential says whether it is wanted, and nothing else does"
        )
    try:
        return Kind(
            id=entry["id"],
            title=entry["title"],
            essential=entry["essential"],
            good_for=period(entry["good_for"]),
            again=entry["again"],
            wanted=entry.get("wanted", True),
            what=entry["what"],
            confirmed=entry.get("confirmed", False),
        )
    except (KeyError, ValueError) as error:
        raise BrokenKindError(f"kinds.toml, {name}: {error}") from error
