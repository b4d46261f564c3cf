"""The terms and the privacy policy as package data: every version there was, and which is in force.

Texts ship with a release. That one ships means nothing yet: what changes what people agreed to holds from the day that is
announced in each installation (`queries.versions_here`).
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Document(StrEnum):
    """What there is to read. The value is part of addresses and of proofs."""

    TERMS = "terms"
    PRIVACY = "privacy"
    ACCEPTABLE_USE = "acceptable-use"

    @property
    def heading(self) -> str:
        return {"terms": "Terms of use", "privacy": "Privacy policy"}.get(self.value, "Acceptable use")

    @property
    def is_accepted(self) -> bool:
        """By itself. The rules of acceptable use are part of the terms."""
        return self is not Document.ACCEPTABLE_USE


class Weight(StrEnum):
    """What it takes for a version to hold."""

    FIRST = "first"
    """One of the first days, before anybody had accepted anything."""
    MATERIAL = "material"
    """Announced thirty days ahead where somebody accepted an earlier one."""
    WORDING = "wording"
    """It says the same in other words: who accepted the one before has accepted it."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Version:
    """One text. It holds from a day on, until the next one does."""

    document: Document
    number: int
    since: date
    weight: Weight = Weight.MATERIAL
    summary: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.document}-{self.number}"

    @property
    def text(self) -> str:
        return (files(__package__) / "texts" / f"{self.name}.md").read_text("utf-8")


@cache
def versions() -> tuple[Version, ...]:
    """All of them, the oldest first."""
    told = tomllib.loads((files(__package__) / "versions.toml").read_text("utf-8"))
    return tuple(
        sorted(
            Version(
                document=Document(name),
                number=item["number"],
                since=item["since"],
                weight=Weight(item.get("weight", Weight.MATERIAL)),
                summary=tuple(item.get("summary", ())),
            )
            for name, items in told.items()
            for item in items
        )
    )


def in_force(known: Iterable[Version], on: date) -> tuple[Version, ...]:
    """Of each document the version that holds on this day: none makes way for an earlier one."""
    held: dict[Document, Version] = {}
    for version in sorted(known, key=lambda each: each.number):
        if version.since <= on:
            held[version.document] = version
    return tuple(sorted(held.values()))


def stamp(held: Iterable[Version]) -> str:
    """`privacy-1 terms-1`: what a form says it was shown with, and a session that it has seen accepted."""
    return " ".join(version.name for version in sorted(held))


def agreed_by(version: Version, known: Iterable[Version]) -> int:
    """The lowest number whose acceptance is one of this version too: those in between say the same in other words."""
    earlier = [each for each in known if each.document == version.document and each.number <= version.number]
    return max((each.number for each in earlier if each.weight is not Weight.WORDING), default=version.number)
