"""Terrascan's JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import dug, first_line, place, severity


def recognises(document: Document) -> bool:
    results = dug(document.json, "results")
    return isinstance(results, dict) and "violations" in results and "scan_summary" in results


def records(document: Document) -> Iterator[Record]:
    results = document.json["results"]
    yield from each(results.get("violations"), "results.violations", _violation)
    yield from each(results.get("skipped_violations"), "results.skipped_violations", _violation)
    yield from each(results.get("passed_rules"), "results.passed_rules", lambda at, _rule: Passed(at=at))


def _violation(at: str, violation: Mapping[str, Any]) -> Record:
    resource = "/".join(str(violation.get(part) or "") for part in ("resource_type", "resource_name")).strip("/")
    module = str(violation.get("module_name") or "")
    description, comment = str(violation.get("description") or ""), violation.get("comment")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(violation.get("rule_id") or violation.get("rule_name") or ""),
        title=first_line(description or violation.get("rule_name")),
        severity=severity(violation.get("severity"), Severity.MEDIUM),
        confidence=Confidence.HIGH,
        message=f"{resource}: {description}" + (f"\n\nSkipped: {comment}" if comment else ""),
        locations=place(violation.get("file"), violation.get("line")),
        evidence=resource,
        anchor=(module, resource),
        mark=Mark.SUPPRESSED if "skipped" in at else Mark.NONE,
    )


FORMAT = Format(
    id="terrascan",
    title="Terrascan",
    docs="https://runterrascan.io/docs/usage/command_line_mode/",
    recognises=recognises,
    records=records,
)
