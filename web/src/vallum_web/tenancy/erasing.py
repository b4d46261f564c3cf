"""What apps add to a deletion: outside parties to be told, and what stops when it is asked for. Each in its `erasing.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.utils.module_loading import autodiscover_modules

Facts = Mapping[str, Any]


class Whose(StrEnum):
    PERSON = "person"
    ORG = "org"


def _nothing(_subject: UUID) -> None:
    """Where there is nothing to stop."""


def _no_facts(_subject: UUID) -> Facts:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One app's part in the deletion of a person or an organization.

    `stop` runs inside the transaction that hides them (an organization's scope, or the person's): credentials end, outside
    things are asked to pause. `gather` notes what `erase` will need (ids, as JSON) before the rows that know it go; it opens
    its own scope. `erase` runs after all rows are gone, as often as it takes, so twice is the same as once; it tells in words
    what became of it, for the receipt: "customer deleted". Raising anything has it tried again later.
    """

    name: str
    whose: Whose
    stop: Callable[[UUID], None] = _nothing
    gather: Callable[[UUID], Facts] = _no_facts
    erase: Callable[[UUID, Facts], str] | None = None


_declared: dict[tuple[Whose, str], Part] = {}


def takes_part(*parts: Part) -> None:
    """Declare; called once, when the app's `erasing` module is read."""
    for part in parts:
        _declared[part.whose, part.name] = part


def parts(whose: Whose) -> tuple[Part, ...]:
    """In the order of their names."""
    autodiscover_modules("erasing")
    return tuple(_declared[key] for key in sorted(_declared) if key[0] is whose)
