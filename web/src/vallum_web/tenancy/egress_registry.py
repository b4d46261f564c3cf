"""Where anything may go at all, and why: read once from `egress_registry.toml`, asked by the guard before each departure."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from vallum_guard.errors import NotForeseen
from vallum_web.tenancy import clock


class Role(StrEnum):
    """What the outside party is to the organization."""

    SUB_PROCESSOR = "sub-processor"
    HOST = "host"
    CUSTOMER_INSTRUCTION = "customer instruction"
    DATA_FEED = "data feed"


class BrokenRegistryError(ValueError):
    """An entry that is not whole; the message names it. No process starts with one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody outside, or a class of them, and all that may be said to them."""

    id: str
    who: str
    role: Role
    purposes: tuple[str, ...]
    sends: tuple[str, ...]
    region: str
    why: str
    hosts: tuple[str, ...] = ()
    """Empty: whom the organization names."""
    since: date | None = None
    """Of a sub-processor: the day from which on it may get anything. A later one is announced, and gets nothing before."""
    countries: tuple[str, ...] = ()
    """Of a sub-processor: where it processes, by ISO 3166. Outside of the EU nothing goes there without a contract."""


@cache
def parties() -> tuple[Party, ...]:
    """In the order of the file. Raises BrokenRegistryError."""
    return read((files(__package__) / "egress_registry.toml").read_text("utf-8"))


def read(text: str) -> tuple[Party, ...]:
    """Raises BrokenRegistryError unless every entry is whole, and every id and purpose stands once."""
    try:
        found = tuple(_party(row) for row in tomllib.loads(text)["party"])
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise BrokenRegistryError(f"egress_registry.toml cannot be read: {error}") from error
    _once("id", (party.id for party in found))
    _once("purpose", (purpose for party in found for purpose in party.purposes))
    return found


def by_purpose() -> Mapping[str, Party]:
    return MappingProxyType({purpose: party for party in parties() for purpose in party.purposes})


def admit(purpose: str, host: str) -> None:
    """The guard's gate. Raises NotForeseen for a purpose that no entry has, or a host that its entry does not name."""
    party = by_purpose().get(purpose)
    if party is None:
        raise NotForeseen(
            f"Nothing may leave for {purpose!r}: no entry of tenancy/egress_registry.toml has this purpose."
        )
    if party.hosts and host not in party.hosts:
        raise NotForeseen(f"For {purpose!r} things go to {', '.join(party.hosts)}, and not to {host}.")
    if party.since and clock.now().date() < party.since:
        raise NotForeseen(f"{party.who} is announced for {party.since:%Y-%m-%d}: nothing goes there before.")


_COUNTRY = re.compile(r"[A-Z]{2}")
_TEXTS = ("id", "who", "role", "region", "why")
_LISTS = ("purposes", "sends")


def _party(row: Mapping[str, Any]) -> Party:
    name = str(row.get("id", "an entry"))
    missing = [key for key in (*_TEXTS, *_LISTS) if not row.get(key)]
    if missing:
        raise BrokenRegistryError(f"egress_registry.toml, {name}: {', '.join(missing)} is missing")
    unknown = sorted(row.keys() - {*_TEXTS, *_LISTS, "hosts", "since", "countries"})
    if unknown:
        raise BrokenRegistryError(f"egress_registry.toml, {name}: {', '.join(unknown)} means nothing here")
    purposes, sends, hosts = (tuple(map(str, row.get(key, ()))) for key in ("purposes", "sends", "hosts"))
    who, region, why = (str(row[key]) for key in ("who", "region", "why"))
    try:
        role = Role(row["role"])
    except ValueError as error:
        raise BrokenRegistryError(f"egress_registry.toml, {name}: {error}") from error
    since = row.get("since")
    if (role is Role.SUB_PROCESSOR) is not (type(since) is date):
        raise BrokenRegistryError(f"egress_registry.toml, {name}: a sub-processor has a day `since`, and nobody else")
    countries = tuple(map(str, row.get("countries", ())))
    if (role is Role.SUB_PROCESSOR) is not bool(countries) or not all(map(_COUNTRY.fullmatch, countries)):
        raise BrokenRegistryError(
            f"egress_registry.toml, {name}: a sub-processor has countries, two letters each, and nobody else"
        )
    lists = {"purposes": purposes, "sends": sends, "hosts": hosts, "countries": countries}
    return Party(id=name, who=who, role=role, region=region, why=why, since=since, **lists)


def _once(what: str, words: Iterable[str]) -> None:
    seen: set[str] = set()
    for word in words:
        if word in seen:
            raise BrokenRegistryError(f"egress_registry.toml has the {what} {word!r} twice")
        seen.add(word)
