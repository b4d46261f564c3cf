"""The terms and the privacy policy as package data: every version there was, and which is in force."""

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


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Version:
    """One text. It holds from a day on, until the next one does."""

    document: Document
    number: int
    since: date

    @property
    def text(self) -> str:
        return (files(__package__) / "texts" / f"{self.document}-{self.number}.md").read_text("utf-8")


@cache
def versions() -> tuple[Version, ...]:
    """All of them, the oldest first."""
    told = tomllib.loads((files(__package__) / "versions.toml").read_text("utf-8"))
    return tuple(
        sorted(
            Version(document=Document(name), number=item["number"], since=item["since"])
            for name, items in told.items()
            for item in items
        )
    )


def in_force(known: Iterable[Version], on: date) -> tuple[Version, ...]:
    """Of each document the version that holds on this day."""
    held: dict[Document, Version] = {}
    for version in sorted(known, key=lambda each: (each.since, each.number)):
        if version.since <= on:
            held[version.document] = version
    return tuple(sorted(held.values()))


def stamp(held: Iterable[Version]) -> str:
    """`privacy-1 terms-1`: what a form says it was shown with, and a session that it has seen accepted."""
    return " ".join(f"{version.document}-{version.number}" for version in sorted(held))
