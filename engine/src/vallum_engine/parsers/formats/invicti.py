"""The JSON report of Invicti (Netsparker before) and of Acunetix 360."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address, joined, links
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import cves, cwes, dug, listed, number, plain, severity, texts, vector

_LIKELY = 50
_HIDDEN = frozenset({"falsepositive", "acceptedrisk"})


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or not isinstance(value.get("Vulnerabilities"), list):
        return False
    target = value.get("Target")
    return isinstance(target, dict) and {"ScanId", "Url"} <= target.keys()


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["Vulnerabilities"], "Vulnerabilities", _record)


def _record(at: str, item: Mapping[str, Any]) -> Record:
    rule = str(item.get("Type") or "")
    if not rule:
        return Rejected(at=at, why="it has no type")
    states = {state.strip().lower() for state in str(item.get("State") or "").split(",")}
    if any(state.startswith("fixed") for state in states) and "present" not in states:
        return Passed(at=at)
    known = [str(dug(entry, "Title") or "") for entry in listed(item.get("KnownVulnerabilities"))]
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=rule,
        title=plain(item.get("Name")) or rule,
        severity=severity(item.get("Severity")),
        confidence=_confidence(item),
        message=joined((plain(item.get("Description")), plain(item.get("Impact")))),
        locations=at_address(item.get("Url")),
        ids=cves(*known),
        cwes=cwes(*str(dug(item, "Classification", "Cwe") or "").split(",")),
        cvss=vector(*(dug(item, "Classification", key, "Vector") for key in ("Cvss40", "Cvss31", "Cvss"))),
        evidence=_identified(item),
        steps=texts([plain(item.get("RemedialProcedure")), plain(item.get("RemedialActions"))]),
        references=links(item.get("ExternalReferences"), item.get("RemedyReferences")),
        anchor=tuple(sorted({str(dug(p, "Name") or "") for p in listed(dug(item, "HttpRequest", "Parameters"))})),
        mark=Mark.SUPPRESSED if states & _HIDDEN else Mark.NONE,
    )


def _identified(item: Mapping[str, Any]) -> str:
    """Names of cookies, versions and the like: what was identified, but no extracted data and no proof of exploit."""
    for extra in listed(item.get("ExtraInformation")):
        if str(dug(extra, "Name") or "").startswith("Identified"):
            return f"{dug(extra, 'Name')}: {dug(extra, 'Value')}"
    return ""


def _confidence(item: Mapping[str, Any]) -> Confidence:
    if item.get("Confirmed") is True:
        return Confidence.HIGH
    return Confidence.MEDIUM if number(item.get("Certainty"), _LIKELY) >= _LIKELY else Confidence.LOW


FORMAT = Format(
    id="invicti",
    title="Invicti, Netsparker and Acunetix 360 (JSON)",
    docs="https://docs.invicti.com/kb/vulnerabilities-list-report",
    recognises=recognises,
    records=records,
)
