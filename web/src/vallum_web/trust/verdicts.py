"""Whether a clause is true: what it claims, held against its tests, its figures and what the operator states. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vallum_web.trust.clauses import Claim, Clause
from vallum_web.trust.evidence import Proof

FRESH_FOR = timedelta(hours=3)
"""Figures are measured every hour; older ones say nothing about now."""


class State(StrEnum):
    PROVEN = "proven"
    ABSENT = "absent"
    ATTESTED = "attested"
    OPEN = "open"
    """Nothing speaks against it, and not all that is needed speaks for it yet: no full run, no fresh figure, nothing stated."""
    FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A figure as it was last read. `value` None: there was nothing to measure. `holds` None: it could not be read."""

    words: str
    bound: str
    unit: str
    value: float | None
    at: datetime
    since: datetime
    milliseconds: int
    holds: bool | None
    error: str = ""
    says: str = ""
    """The value in words, where it has some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a clause came to, and why where it is not what it claims."""

    clause: Clause
    state: State
    tests: Proof
    figures: Sequence[Measured] = ()
    stated: Sequence[str] = ()
    why: str = ""


def judge(
    clause: Clause, tests: Proof, figures: Sequence[Measured], stated: Mapping[str, str], *, now: datetime
) -> Verdict:
    said = tuple(stated[name] for name in clause.settings if stated.get(name))
    state, why = _state(clause, tests, figures, len(said), now)
    return Verdict(clause=clause, state=state, tests=tests, figures=figures, stated=said, why=why)


def _state(clause: Clause, tests: Proof, figures: Sequence[Measured], said: int, now: datetime) -> tuple[State, str]:
    if tests.failed:
        return State.FAILING, "A test of it failed."
    if bad := [figure for figure in figures if figure.holds is False]:
        return State.FAILING, f"Out of bounds: {', '.join(figure.words for figure in bad)}."
    if clause.claim is Claim.ATTESTED:
        missing = len(clause.settings) - said
        return (State.OPEN, "Whoever runs this installation has not stated it.") if missing else (State.ATTESTED, "")
    if not tests.passed:
        return State.OPEN, "No full run of the tests is known to this installation."
    if clause.claim is Claim.ABSENT:
        return State.ABSENT, ""
    return _measured(figures, now)


def _measured(figures: Sequence[Measured], now: datetime) -> tuple[State, str]:
    if not figures or any(now - figure.at > FRESH_FOR for figure in figures):
        return State.OPEN, "No figure of the last three hours."
    if lost := [figure for figure in figures if figure.error]:
        return State.OPEN, f"Could not be measured: {', '.join(figure.words for figure in lost)}."
    return State.PROVEN, ""


def gaps(clauses: Mapping[str, Clause], tests: Mapping[str, Proof]) -> list[str]:
    """What a full run has to be failed for: clauses that are not what they claim, as far as tests can say."""
    found = []
    for clause in clauses.values():
        of = tests.get(clause.id, Proof())
        if of.failed:
            found.append(f"{clause.id}: a test of it failed")
        elif clause.claim is not Claim.ATTESTED and not of.passed:
            found.append(f"{clause.id}: {'its tests were skipped' if of.skipped else 'no test bears it'}")
    return found
