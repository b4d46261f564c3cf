"""What a scan changes in the record, as a rule: no database, no clock.

`merge.py` holds the same rule as set statements; a property test keeps the two equal.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from vallum_engine.model.report import Coverage


class Place(NamedTuple):
    """Where one rule of one rule set saw a finding: what another tool sees there is another place."""

    ruleset: str
    rule: str
    path: str
    line: int


class Status(StrEnum):
    OPEN = "open"
    SUPPRESSED = "suppressed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A finding as the record has it: `places` are those where it is still open."""

    status: Status
    decided: bool = False
    """Whether a decision in force hides it."""
    places: frozenset[Place] = frozenset()
    aliases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The findings that change, by fingerprint, and the places that end."""

    new: frozenset[str]
    reopened: frozenset[str]
    fixed: frozenset[str]
    gone: frozenset[str]
    ended: frozenset[tuple[str, Place]]


def match(seen: Mapping[str, AbstractSet[str]], known: Mapping[str, Known]) -> dict[str, str]:
    """Under which fingerprint the record has what a scan saw, by the scan's own; what it does not have is left out.

    `seen`: fingerprints with their aliases. A finding is found by its fingerprint, else by one alias in common; an open
    one before a resolved one, then the older one (`known` is in the order of making).
    """
    found: dict[str, str] = {}
    for fingerprint, aliases in seen.items():
        if fingerprint in known:
            found[fingerprint] = fingerprint
            continue
        names = {fingerprint, *aliases}
        alike = [name for name, finding in known.items() if names & {name, *finding.aliases}]
        if alike:
            found[fingerprint] = min(alike, key=lambda name: known[name].status is Status.RESOLVED)
    return found


def reconcile(
    seen: Mapping[str, AbstractSet[Place]],
    known: Mapping[str, Known],
    coverage: Coverage,
    *,
    held: AbstractSet[tuple[str, str]] = frozenset(),
) -> Plan:
    """Compare a scan with the record, both by the record's fingerprints (`match`).

    `held`: fingerprint and path of what an inline ignore hid. A place ends only where its rule ran over its path, or the
    path itself is gone: a scan that could not look has not seen that anything ended. A finding is resolved when all its
    places have ended; `gone` when every one of their files is.
    """
    paths = frozenset(coverage.paths)
    ended: set[tuple[str, Place]] = set()
    fixed: set[str] = set()
    gone: set[str] = set()
    for fingerprint, finding in known.items():
        over = {
            place
            for place in finding.places - seen.get(fingerprint, frozenset())
            if (fingerprint, place.path) not in held and coverage.speaks_for(place.ruleset, place.rule, place.path)
        }
        ended |= {(fingerprint, place) for place in over}
        if finding.status is not Status.RESOLVED and fingerprint not in seen and over and over == finding.places:
            (fixed if any(place.path in paths for place in over) else gone).add(fingerprint)
    return Plan(
        new=frozenset(seen.keys() - known.keys()),
        reopened=frozenset(f for f in seen.keys() & known.keys() if known[f].status is Status.RESOLVED),
        fixed=frozenset(fixed),
        gone=frozenset(gone),
        ended=frozenset(ended),
    )
