"""security/asvs.toml: every requirement of OWASP ASVS 5.0.0 at Level 1 and 2, with what makes it true here.

A requirement is *tested* (a test that bears its id passed), *documented* (a place in a document), *attested* (looked at by a
person on a day, for half a year) or *not applicable* (for a reason). Only ids and levels are the standard's; its texts are not copied.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

FILE = Path("security/asvs.toml")
COUNTS = {1: 70, 2: 183}
"""How many requirements the standard has at each level that is in scope."""
ATTESTED_FOR = timedelta(days=180)


class Status(StrEnum):
    TEST = "test"
    DOC = "doc"
    ATTESTED = "attested"
    NA = "na"


class Outcome(StrEnum):
    """What the tests of a requirement came to in one run."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class BrokenMatrixError(ValueError):
    """An entry that is not whole; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """`where` is a path, with an anchor for a document; `why` is the reason of what does not apply or how it is met."""

    id: str
    level: int
    status: Status
    where: str = ""
    why: str = ""
    reviewed: date | None = None

    @property
    def chapter(self) -> int:
        return int(self.id.partition(".")[0])


def level_3(root: Path) -> frozenset[str]:
    """Requirements beyond what is counted, which tests here bear as well."""
    return frozenset(str(tomllib.loads((root / FILE).read_text("utf-8"))["level_3"]).split())


def load(root: Path) -> Mapping[str, Requirement]:
    rows = tomllib.loads((root / FILE).read_text("utf-8"))["requirement"]
    found = [_requirement(row) for row in rows]
    twice = [name for name, count in Counter(item.id for item in found).items() if count > 1]
    if twice:
        raise BrokenMatrixError(f"{FILE} names {', '.join(twice)} twice")
    return {item.id: item for item in found}


def _requirement(row: Mapping[str, object]) -> Requirement:
    known = {"id", "level", "status", "where", "why", "reviewed"}
    if row.keys() - known:
        raise BrokenMatrixError(f"{FILE}, {row.get('id')}: what is {', '.join(sorted(row.keys() - known))}?")
    reviewed = row.get("reviewed")
    try:
        return Requirement(
            id=str(row["id"]),
            level=int(str(row["level"])),
            status=Status(str(row["status"])),
            where=str(row.get("where", "")),
            why=str(row.get("why", "")),
            reviewed=reviewed if isinstance(reviewed, date) else None,
        )
    except (KeyError, ValueError) as error:
        raise BrokenMatrixError(f"{FILE}, {row.get('id', 'an entry')}: {error}") from error


def flaws(requirements: Mapping[str, Requirement], root: Path, *, today: date) -> list[str]:
    """What is wrong with the entries themselves, whatever the tests said."""
    found = [flaw for item in requirements.values() if (flaw := _flaw(item, root, today))]
    for level, count in COUNTS.items():
        have = sum(item.level == level for item in requirements.values())
        if have != count:
            found.append(f"Level {level} has {count} requirements, {FILE} lists {have}")
    return found


def _flaw(item: Requirement, root: Path, today: date) -> str:
    path, _, anchor = item.where.partition("#")
    if item.status in {Status.NA, Status.ATTESTED} and len(item.why) < len("a reason in words"):
        return f"{item.id} is {item.status} without a reason"
    if item.status is Status.DOC and not (path and (root / path).is_file()):
        return f"{item.id} names no document that exists: {item.where!r}"
    if anchor and anchor not in anchors(root / path):
        return f"{item.id}: {path} has no heading #{anchor}"
    if item.status is Status.ATTESTED and (item.reviewed is None or today - item.reviewed > ATTESTED_FOR):
        return f"{item.id} was looked at more than {ATTESTED_FOR.days} days ago, or nobody says when"
    return ""


def anchors(document: Path) -> set[str]:
    """The anchors of a Markdown document's headings."""
    lines = document.read_text("utf-8").splitlines() if document.is_file() else []
    titles = [line.lstrip("#").strip().lower() for line in lines if line.startswith("#")]
    return {"".join(c if c.isalnum() or c in "-_" else "-" * (c == " ") for c in title) for title in titles}


def gaps(requirements: Mapping[str, Requirement], outcomes: Mapping[str, Iterable[Outcome]]) -> list[str]:
    """Requirements that are to be tested and were not proven, and ids that tests bear in vain."""
    found = []
    for item in requirements.values():
        said = set(outcomes.get(item.id, ()))
        if Outcome.FAILED in said:
            found.append(f"{item.id}: a test of it failed")
        elif item.status is Status.TEST and Outcome.PASSED not in said:
            found.append(f"{item.id}: {'its tests were skipped' if said else 'no test bears it'}")
        elif item.status is Status.NA and said:
            found.append(f"{item.id} is said not to apply, and is tested")
    return found


def table(requirements: Mapping[str, Requirement], outcomes: Mapping[str, Iterable[Outcome]]) -> list[str]:
    """The matrix, a chapter a line: how each requirement is held."""
    lines = [
        f"{'chapter':>8} {'level 1':>8} {'level 2':>8} {'tested':>7} {'doc':>5} {'attested':>9} {'n/a':>5} {'open':>5}"
    ]
    chapters = sorted({item.chapter for item in requirements.values()})
    for chapter in [*chapters, 0]:
        inside = [item for item in requirements.values() if chapter in {0, item.chapter}]
        proven = [
            item for item in inside if item.status is Status.TEST and Outcome.PASSED in set(outcomes.get(item.id, ()))
        ]
        numbers = Counter(item.status for item in inside)
        lines.append(
            f"{f'V{chapter}' if chapter else 'all':>8} {sum(i.level == 1 for i in inside):>8} "
            f"{sum(i.level == 2 for i in inside):>8} {len(proven):>7} {numbers[Status.DOC]:>5} "
            f"{numbers[Status.ATTESTED]:>9} {numbers[Status.NA]:>5} {numbers[Status.TEST] - len(proven):>5}"
        )
    return lines
