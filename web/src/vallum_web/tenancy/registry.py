"""The data registry: what every field of every table is for, how long it stays, and what export and erasure do with it.

Each app declares its own in `data.toml`; `config/data.toml` speaks for third-party tables. A field without an entry fails
the build.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from django.conf import settings


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
    BOTH = "person and organization"
    NONE = "none"

    @property
    def of_person(self) -> bool:
        return self in {Export.PERSON, Export.BOTH}

    @property
    def of_organization(self) -> bool:
        return self in {Export.ORGANIZATION, Export.BOTH}


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
    person: str = ""
    """The look-up that leads from a row to the id of the person whom it is of; said once for a model."""


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


def people(declared: Iterable[Entry]) -> dict[str, str]:
    """Of each model whose rows are of a person, the look-up that leads to them. Raises BrokenRegistryError."""
    declared = list(declared)
    found = {entry.model: entry.person for entry in declared if entry.person}
    lacking = sorted({entry.model for entry in declared if entry.export.of_person} - found.keys())
    if lacking:
        raise BrokenRegistryError(
            f"Nothing says whose the rows of {', '.join(lacking)} are: add `person` to an entry of each."
        )
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
            person=item.get("person", ""),
        )
    except (KeyError, ValueError) as error:
        raise BrokenRegistryError(f"{package}/data.toml, {item.get('model', 'an entry')}: {error}") from error


@cache
def declared() -> tuple[Entry, ...]:
    """Everything that the running platform declares."""
    ours = (app for app in settings.INSTALLED_APPS if app.startswith("vallum_web."))
    return tuple(entries(("vallum_web.config", *ours)))
