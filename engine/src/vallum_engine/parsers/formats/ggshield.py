"""ggshield's JSON (`ggshield secret scan --json`), GitGuardian's command."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers import leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.words import dug, listed, place, texts

# What GitGuardian found when it asked the provider.
_LEVELS = {"valid": Severity.CRITICAL, "invalid": Severity.LOW}


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and "total_incidents" in value and "total_occurrences" in value


def records(document: Document) -> Iterator[Record]:
    if not isinstance(document.json, dict):
        raise TypeError("an object is expected")
    yield from _scan("", document.json)


def _scan(at: str, scan: Any) -> Iterator[Record]:
    """A scan of several commits or layers holds a scan of each."""
    if not isinstance(scan, Mapping):
        yield Rejected(at=at.rstrip("."), why=NO_OBJECT)
        return
    for index, inner in enumerate(listed(scan.get("scans"))):
        yield from _scan(f"{at}scans[{index}].", inner)
    for index, entity in enumerate(listed(scan.get("entities_with_incidents"))):
        where = f"{at}entities_with_incidents[{index}]"
        path = str(dug(entity, "filename") or "")
        yield from each(dug(entity, "incidents"), f"{where}.incidents", partial(_record, path))


def _record(path: str, at: str, item: Mapping[str, Any]) -> Record:
    kind, validity = str(item.get("type") or item.get("detector") or ""), str(item.get("validity") or "")
    seen = [occurrence for occurrence in listed(item.get("occurrences")) if isinstance(occurrence, Mapping)]
    places = [found for one in seen for found in place(path, one.get("line_start"), one.get("line_end"))]
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=kind,
        title=kind,
        severity=_LEVELS.get(validity, Severity.HIGH),
        confidence=Confidence.HIGH if validity == "valid" else Confidence.MEDIUM,
        message=leaks.told(kind, f"Validity: {validity.replace('_', ' ')}." if validity else ""),
        locations=tuple(dict.fromkeys(places)) or place(path),
        references=texts(item.get("incident_url")),
        # It stands for the value, which is starred out.
        anchor=texts(item.get("ignore_sha")),
        mark=Mark.SUPPRESSED if item.get("ignore_reason") else Mark.NONE,
    )


FORMAT = Format(
    id="ggshield",
    title="ggshield",
    docs="https://docs.gitguardian.com/ggshield-docs/reference/secret/scan/path",
    recognises=recognises,
    records=records,
)
