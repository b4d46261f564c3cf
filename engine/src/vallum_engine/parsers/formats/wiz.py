"""Wiz's tables: issues, and findings of vulnerabilities."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import UNRATED, cves, first_line, place, severity, texts

_ISSUES = frozenset({"Title", "Control ID", "Resource vertex ID", "Wiz URL"})
_VULNERABILITIES = frozenset({"WizURL", "Name", "DetailedName", "FindingStatus", "DetectionMethod"})
_ENDED, _HIDDEN = frozenset({"resolved"}), frozenset({"rejected", "ignored"})


def recognises(document: Document) -> bool:
    columns = set(document.columns)
    return columns >= _ISSUES or columns >= _VULNERABILITIES


def records(document: Document) -> Iterator[Record]:
    make = _issue if set(document.columns) >= _ISSUES else _vulnerability
    yield from each(list(document.rows), "row", make)


def _mark(status: str) -> Mark:
    return Mark.SUPPRESSED if status.lower() in _HIDDEN else Mark.NONE


def _issue(at: str, row: Mapping[str, Any]) -> Record:
    status, title = row.get("Status", ""), row["Title"]
    if status.lower() in _ENDED:
        return Passed(at=at)
    resource = row.get("Resource external ID") or row.get("Resource Name") or ""
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=row["Control ID"] or title,
        title=first_line(title),
        severity=severity(row.get("Severity"), Severity.MEDIUM),
        message="\n\n".join(texts([row.get("Description") or title, row.get("Note")])),
        locations=place(resource),
        evidence=" ".join(texts([row.get("Resource Type"), row.get("Resource Name"), row.get("Subscription Name")])),
        steps=texts(row.get("Remediation Recommendation")),
        references=texts([row.get("Wiz URL"), row.get("Cloud Provider URL")]),
        anchor=(row.get("Resource vertex ID", ""),),
        mark=_mark(status),
    )


def _vulnerability(at: str, row: Mapping[str, Any]) -> Record:
    status, known, name = row["FindingStatus"], row["Name"], row["DetailedName"]
    if status.lower() in _ENDED:
        return Passed(at=at)
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    asset = row.get("ProviderUniqueId") or row.get("AssetName") or ""
    rated = row.get("Severity") or row.get("VendorSeverity") or row.get("CVSSSeverity")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {known}",
        severity=severity(rated, UNRATED),
        confidence=Confidence.HIGH,
        message=row.get("Description") or f"{name} {row.get('Version', '')} has {known}.",
        locations=place(asset),
        # Whether a library is Go's or Python's is not said.
        component=Component(
            ecosystem="", name=name, version=row.get("Version", ""), fixed=texts(row.get("FixedVersion"))
        ),
        ids=(known, *cves(known)),
        evidence=row.get("LocationPath", ""),
        steps=texts(row.get("Remediation")),
        references=texts([row.get("Link"), row.get("WizURL")]),
        mark=_mark(status),
    )


FORMAT = Format(
    id="wiz",
    title="Wiz",
    docs="https://docs.wiz.io/",
    recognises=recognises,
    records=records,
)
