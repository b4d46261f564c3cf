"""What the public page shows: stored rows and the evidence, and nothing that has to be asked anew."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from vallum_web.tenancy import clock
from vallum_web.tenancy.figures import Figure, declared
from vallum_web.trust import evidence
from vallum_web.trust.clauses import clauses
from vallum_web.trust.evidence import Proof
from vallum_web.trust.models import Reading
from vallum_web.trust.verdicts import Measured, State, Verdict, judge

SECTIONS = {
    "PP-0": "The policy itself",
    "PP-Q": "In short",
    "PP-1": "What is collected",
    "PP-2": "What for",
    "PP-3": "Who else sees it",
    "PP-4": "How long",
    "PP-5": "How it is protected",
    "PP-6": "Rights",
    "PP-7": "Cookies",
    "PP-8": "Where",
    "PP-9": "Children",
    "PP-10": "Changes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    title: str
    verdicts: Sequence[Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Figures that are looked at together."""

    title: str
    figures: Sequence[Measured]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All verdicts, and what they come to."""

    verdicts: Sequence[Verdict]
    cards: Sequence[Card]
    measured_at: datetime | None
    milliseconds: int

    @property
    def counts(self) -> Mapping[State, int]:
        found = Counter(verdict.state for verdict in self.verdicts)
        return {state: found[state] for state in State}

    @property
    def sections(self) -> list[Section]:
        inside: dict[str, list[Verdict]] = defaultdict(list)
        for verdict in self.verdicts:
            inside[_section(verdict.clause.id)].append(verdict)
        return [Section(title=SECTIONS[key], verdicts=found) for key, found in inside.items()]


def _section(clause: str) -> str:
    return next(key for key in sorted(SECTIONS, key=len, reverse=True) if clause.startswith(key))


def standing() -> Standing:
    now = clock.now()
    readings = {row.figure: row for row in Reading.objects.all()}
    figures: dict[str, list[Measured]] = defaultdict(list)
    cards: dict[str, list[Measured]] = defaultdict(list)
    for figure in declared():
        row = readings.get(figure.id)
        if row is not None:
            measured = _measured(figure, row)
            for clause in figure.clauses:
                figures[clause].append(measured)
            if figure.card:
                cards[figure.card].append(measured)
    proof, stated = evidence.last(), {name: _stated(name) for each in clauses().values() for name in each.settings}
    verdicts = [
        judge(clause, proof.of(clause.id) if proof else Proof(), figures[clause.id], stated, now=now)
        for clause in clauses().values()
    ]
    return Standing(
        verdicts=verdicts,
        cards=[Card(title=title, figures=found) for title, found in sorted(cards.items())],
        measured_at=min((row.at for row in readings.values()), default=None),
        milliseconds=sum(row.milliseconds for row in readings.values()),
    )


def _measured(figure: Figure, row: Reading) -> Measured:
    told: dict[str, Any] = {
        name: getattr(row, name) for name in ("value", "at", "since", "milliseconds", "holds", "error")
    }
    says = figure.says[int(row.value)] if figure.says and row.value is not None else ""
    return Measured(words=figure.words, bound=figure.bound, unit=figure.unit, says=says, **told)


def _stated(setting: str) -> str:
    return str(getattr(settings, setting, ""))
