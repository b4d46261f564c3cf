"""The rules as values. An app declares its own in its `retention.py`."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

HOUR = timedelta(hours=1)
LATE = HOUR + timedelta(minutes=10)
"""So much longer than promised may a row still be there: the run comes once an hour."""


class BrokenRulesError(ValueError):
    """A rule that is not whole, or stands twice; the message names it. No process starts with one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """What is kept for a time. `model` as `app.Model`; `column` is its moment, from which the time counts.

    `keeps`: for so long; None is for as long as the organization keeps its findings. `where`: a condition in SQL for the rows that the
    promise is about, where it is not about all of them. `seen_in` opens what has to be open for them to be seen.
    """

    model: str
    column: str
    keeps: timedelta | None
    where: str = "true"
    seen_in: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that the hourly run does, and what must be so afterwards.

    `of_org` is run for each organization, inside none; `of_platform` once. Each says how much it deleted. `pausable`: a legal hold
    on an organization stops it for that one.
    """

    id: str
    clause: str
    says: str
    classes: tuple[Class, ...] = field(default=())
    of_org: Callable[[UUID], int] | None = None
    of_platform: Callable[[], int] | None = None
    pausable: bool = False


_declared: dict[str, Rule] = {}


def declare(*declared: Rule) -> None:
    """Called where an app's `retention.py` is imported, which every process does at its start. Raises BrokenRulesError."""
    for rule in declared:
        if rule.id in _declared:
            raise BrokenRulesError(f"The retention rule {rule.id!r} is declared twice.")
        if (rule.of_org is None) == (rule.of_platform is None):
            raise BrokenRulesError(
                f"The retention rule {rule.id!r} runs for each organization, or once: one of the two."
            )
        _declared[rule.id] = rule


def rules() -> Sequence[Rule]:
    """Of all installed apps, in their order."""
    return tuple(_declared.values())
