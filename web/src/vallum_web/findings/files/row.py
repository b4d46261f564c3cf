"""What a format is given: findings with all that is said of them, as values. Formats ask no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson

from vallum_engine.model.finding import Location
from vallum_web.findings.models import Decision, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A finding, where it is seen now, and the decision that hides it."""

    finding: Finding
    asset: str
    url: str
    """Its page."""
    places: Sequence[Location]
    more_places: int = 0
    """How many there are beyond those listed."""
    decision: Decision | None = None
    assignee: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the file says of itself."""

    id: UUID
    org: str
    at: datetime
    query: str
    words: str
    """The filters in words."""
    url: str
    """The list that it is of."""
    rows: int = 0
    """Of the whole file; known at its end."""
    note: str = ""


def severity(finding: Finding) -> str:
    return _SEVERITIES[finding.severity]


def confidence(finding: Finding) -> str:
    return _CONFIDENCES[finding.confidence]


# Django's own way to a label costs as much as the rest of a line.
_SEVERITIES = dict(Finding.Severity.choices)
_CONFIDENCES = dict(Finding.Confidence.choices)


class Record(Protocol):
    """What a format may ask at the end of its file: of the findings that are in it."""

    def rules(self) -> Iterator[Finding]:
        """For each rule the finding that describes it, its most severe one, in the order of rules."""

    def packages(self) -> Iterator[tuple[UUID, str, Mapping[str, Any]]]:
        """Each asset's id and name with one of its packages (empty: none), by asset and package."""


class Format(Protocol):
    """A file as head, lines and tail; the parts of a large one follow each other without a seam."""

    content_type: str
    suffix: str
    between: bytes
    """Between two lines."""

    def head(self, about: About) -> bytes: ...

    def line(self, row: Row) -> bytes: ...

    def tail(self, about: About, record: Record) -> Iterator[bytes]: ...


def told(row: Row) -> dict[str, Any]:
    """A finding as the API tells it, with its asset's name, its address and the decision in force."""
    finding, decision = row.finding, row.decision
    return {
        "id": str(finding.pk),
        "url": row.url,
        "asset": {"id": str(finding.asset_id), "name": row.asset},
        "kind": finding.kind,
        "ruleset": finding.ruleset,
        "rule": finding.rule,
        "title": finding.title,
        "message": finding.message,
        "severity": severity(finding),
        "confidence": confidence(finding),
        "risk": finding.risk,
        "status": finding.status,
        "ending": finding.ending,
        "path": finding.path,
        "line": finding.line,
        "package": finding.package,
        "places": [{"path": p.path, "line": p.line, "end_line": p.end_line} for p in row.places],
        "more_places": row.more_places,
        "fingerprint": finding.fingerprint,
        "opened_at": iso(finding.opened_at),
        "changed_at": iso(finding.changed_at),
        "resolved_at": iso(finding.resolved_at),
        "due_at": iso(finding.due_at),
        "exploited": finding.exploited,
        "liveness": finding.liveness,
        "assignee": row.assignee,
        "suppression": decision
        and {
            "reason": decision.reason,
            "justification": decision.justification,
            "note": decision.note,
            "until": decision.until.isoformat() if decision.until else None,
            "made_at": iso(decision.made_at),
        },
        "details": finding.data,
    }


def iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def json(value: object) -> bytes:
    return orjson.dumps(value)


def opened(value: Mapping[str, object]) -> bytes:
    """An object whose last member is still to come: `{"a":1,`."""
    return orjson.dumps(value)[:-1] + b","
