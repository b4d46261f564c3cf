"""The limits there are, from `limits.toml`."""

import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from vallum_web.tenancy.limits.rate import Rate

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class WhenDown(StrEnum):
    """What happens while the limits' own table cannot be asked."""

    ALLOW = "allow"
    REFUSE = "refuse"


class Per(StrEnum):
    """What is counted together."""

    NETWORK = "network"
    """An IPv4 address, or a /56 of IPv6: likely one customer's."""
    ACCOUNT = "account"
    """An e-mail address, whether anybody has an account under it or not."""
    ACCOUNT_AND_NETWORK = "account and network"
    PERSON = "person"
    TOKEN = "token"  # noqa: S105 - a word, no password
    ORGANIZATION = "organization"
    ORGANIZATION_AND_TARGET = "organization and target"
    RECIPIENT = "recipient"
    TARGET = "target"
    """What is fetched or scanned, whoever asks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    name: str
    rate: Rate
    per: Per
    of_org: bool
    """An organization may have a value of its own, and sees its use."""
    when_down: WhenDown
    protects: str
    actions: frozenset[str] = frozenset()
    """Of the matrix of roles: whoever does one of them in an organization is counted."""


class BrokenLimitError(ValueError):
    """An entry that is not whole; the message names it."""


@cache
def all_limits() -> dict[str, Limit]:
    """By name, in the file's order."""
    entries = tomllib.loads((files(__package__) / "limits.toml").read_text("utf-8"))["limit"]
    return {entry["name"]: _limit(entry) for entry in entries}


def named(name: str) -> Limit:
    try:
        return all_limits()[name]
    except KeyError:
        raise BrokenLimitError(f"limits.toml names no {name}.") from None


def for_action(action: str) -> list[Limit]:
    return [limit for limit in all_limits().values() if action in limit.actions]


def period(text: str) -> timedelta:
    """`30s`, `5m`, `1h`, `1d`. Raises ValueError."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if found is None:
        raise ValueError(f"{text!r} is no period: write 30s, 5m, 1h or 1d.")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def _limit(entry: dict[str, Any]) -> Limit:
    try:
        return Limit(
            name=entry["name"],
            rate=Rate(count=int(entry["count"]), period=period(entry["period"]), burst=int(entry["burst"])),
            per=Per(entry["per"]),
            of_org=bool(entry.get("of_org", False)),
            when_down=WhenDown(entry["when_down"]),
            protects=entry["protects"],
            actions=frozenset(entry.get("actions", "").split()),
        )
    except (KeyError, ValueError) as error:
        raise BrokenLimitError(f"limits.toml, {entry.get('name', 'an entry')}: {error}") from error
