"""The record as its event log tells it: one event after the other, onto nothing; the places from their own ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from vallum_web.findings.models import Decision, Finding, Occurrence
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event, Org
from vallum_web.tenancy.scope import scope


@dataclass(slots=True, kw_only=True)
class Told:
    """A finding, so far."""

    opened_at: datetime
    status: str = "open"
    ending: str = ""
    reopened_at: datetime | None = None
    resolved_at: datetime | None = None
    assignee: str | None = None
    team: str | None = None
    decisions: dict[str, date | None] = field(default_factory=dict)
    """Those that nobody took back, each with its last day."""

    def in_force(self, today: date) -> set[str]:
        return {key for key, until in self.decisions.items() if until is None or until >= today}


@dataclass(slots=True)
class Replay:
    """`places`: every place with the finding that it was of at first, and the scans between which it was seen."""

    places: dict[str, tuple[str, str, str]]
    findings: dict[str, Told] = field(default_factory=dict)
    open_places: dict[str, str] = field(default_factory=dict)

    def tell(self, event: Event) -> None:
        match event.kind:
            case "finding.opened":
                assert str(event.subject) not in self.findings
                given = {name: event.data.get(name) for name in ("assignee", "team")}
                self.findings[str(event.subject)] = Told(opened_at=event.at, **given)
            case "team.deleted":
                for each in self.findings.values():
                    each.team = None if each.team == str(event.subject) else each.team
            case "finding.split":
                moved = [place for place in event.data["places"] if place in self.open_places]
                self.open_places |= dict.fromkeys(moved, event.data["into"])
            case "scan.digested":
                self._digested(str(event.subject))
            case _ if known := self.findings.get(str(event.subject)):
                _tell(known, event)

    def _digested(self, scan: str) -> None:
        for key, (finding, first, gone) in self.places.items():
            if first == scan:
                self.open_places[key] = finding
            if gone == scan:
                del self.open_places[key]


def _tell(known: Told, event: Event) -> None:
    """What one event says of a finding that was opened before."""
    today = event.at.date()
    match event.kind:
        case "finding.reopened":
            assert known.status == "resolved"
            known.status = "suppressed" if known.in_force(today) else "open"
            known.ending, known.resolved_at, known.reopened_at = "", None, event.at
        case "finding.resolved":
            assert known.status != "resolved"
            known.status, known.ending, known.resolved_at = "resolved", event.data["ending"], event.at
        case "finding.suppressed":
            until = event.data["until"]
            known.decisions[event.data["decision"]] = date.fromisoformat(until) if until else None
            known.status = "suppressed" if known.status == "open" else known.status
        case "finding.unsuppressed":
            _unsuppressed(known, event, today)
        case "finding.assigned":
            given = event.data["assignee"], event.data["team"]
            assert given != (known.assignee, known.team)
            known.assignee, known.team = given


def _unsuppressed(known: Told, event: Event, today: date) -> None:
    for key in event.data.get("decisions", ()):
        del known.decisions[key]
    if event.data.get("expired"):
        assert known.status == "suppressed"
        assert not known.in_force(today)
    if known.status == "suppressed" and not known.in_force(today):
        known.status = "open"


def replayed(events: Sequence[Event], places: Iterable[Occurrence]) -> Replay:
    """All of `events`, in their order. A place that was moved by a split is put back first to where it was seen."""
    homes = {str(place.pk): place.finding_id for place in places}
    for event in reversed(events):
        if event.kind == "finding.split":
            for key in event.data["places"]:
                assert str(homes[key]) == event.data["into"]
                homes[key] = event.subject
    intervals = {
        str(place.pk): (str(homes[str(place.pk)]), str(place.first_scan_id), _text(place.gone_scan_id))
        for place in places
    }
    replay = Replay(intervals)
    for event in events:
        replay.tell(event)
    return replay


def _text(key: UUID | None) -> str:
    return str(key) if key else ""


FACTS = ("status", "ending", "opened_at", "reopened_at", "resolved_at", "assignee", "team")


def compare(org: Org) -> int:
    """Fails unless the record is what its log tells; how many events that were."""
    with scope(org.pk):
        rows = {str(row.pk): row for row in Finding.objects.of(org).only("id", *FACTS)}
        seen = list(Occurrence.objects.of(org).only("id", "finding", "first_scan", "gone_scan"))
        unlifted = list(Decision.objects.of(org).filter(lifted_at=None))
        events = list(Event.objects.of(org).order_by("transaction", "id"))
    told = replayed(events, seen)
    assert told.findings.keys() == rows.keys()
    assert told.open_places == {str(place.pk): str(place.finding_id) for place in seen if not place.gone_scan_id}
    today, with_places = clock.now().date(), set(told.open_places.values())
    in_force: dict[str, set[str]] = {key: set() for key in rows}
    for decision in unlifted:
        if decision.until is None or decision.until >= today:
            in_force[str(decision.finding_id)].add(str(decision.pk))
    for key, row in rows.items():
        known = told.findings[key]
        assert (known.status, known.ending) == (row.status, row.ending), key
        assert (known.assignee, known.team) == (_text(row.assignee) or None, _text(row.team_id) or None), key
        assert known.in_force(today) == in_force[key], key
        assert (row.status != "resolved") == (key in with_places), key
        for fact in ("opened_at", "reopened_at", "resolved_at"):
            assert _same(getattr(known, fact), getattr(row, fact)), (key, fact)
    return len(events)


def _same(said: datetime | None, kept: datetime | None) -> bool:
    """An event may be written a moment after the row it tells of."""
    return said == kept or (said is not None and kept is not None and abs(said - kept) < timedelta(seconds=5))
