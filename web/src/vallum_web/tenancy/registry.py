"""The data registry: what every field of every table is for, how long it stays, and what export and erasure do with it.

Each app declares its own in `data.toml`; `config/data.toml` speaks for third-party tables. A field without an entry fails
the build.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files


class Category(StrEnum):
    """What sort of data a field holds, in the privacy policy's own divisions."""

    ACCOUNT = "account"
    ORGANIZATION = "organization"
    SCAN = "scan"
    USAGE = "usage"
    PAYMENT = "payment"
    OPERATION = "operation"
    """Bookkeeping of the machine: queues, schema, positions. Names nobody."""


class Export(StrEnum):
    """In whose export a field appears."""

    PERSON = "person"
    ORGANIZATION = "organization"
    NONE = "none"


class Erase(StrEnum):
    """What erasure does."""

    WITH_PERSON = "with the person"
    WITH_ORGANIZATION = "with the organization"
    EXPIRES = "expires by itself"
    KEPT = "kept"
    """Names nobody, or only an id that no longer leads to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is declared of some fields of one model."""

    model: str
    fields: tuple[str, ...]
    category: Category
    purpose: str
    retention: str
    export: Export
    erase: Erase


class BrokenRegistryError(ValueError):
    """An entry that is not whole; the message names it."""


def entries(packages: tuple[str, ...]) -> list[Entry]:
    """The declarations of these packages' `data.toml`, for those that have one."""
    found: list[Entry] = []
    for package in packages:
        source = files(package) / "data.toml"
        if source.is_file():
            found += [_entry(package, item) for item in tomllib.loads(source.read_text("utf-8"))["data"]]
    return found


def _entry(package: str, item: dict[str, str]) -> Entry:
    try:
        return Entry(
            model=item["model"],
            fields=tuple(item["fields"].split()),
            category=Category(item["category"]),
            purpose=item["purpose"],
            retention=item["retention"],
            export=Export(item["export"]),
            erase=Erase(item["erase"]),
        )
    except (KeyError, ValueError) as error:
        raise BrokenRegistryError(f"{package}/data.toml, {item.get('model', 'an entry')}: {error}") from error
