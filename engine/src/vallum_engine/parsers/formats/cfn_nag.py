"""cfn_nag's JSON: templates, each with the rules it breaks."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each, leading
from vallum_engine.parsers.words import dug, first_line, listed, place, severity, texts


def recognises(document: Document) -> bool:
    item = leading(document.json) if isinstance(document.json, list) else {}
    return "filename" in item and isinstance(item.get("file_results"), dict)


def records(document: Document) -> Iterator[Record]:
    for number, file in enumerate(document.json):
        if not isinstance(file, dict):
            yield Rejected(at=f"[{number}]", why=NO_OBJECT)
            continue
        path = str(file.get("filename") or "")
        violations = dug(file, "file_results", "violations")
        yield from each(violations, f"[{number}].file_results.violations", partial(_violation, path))


def _violation(path: str, at: str, violation: Mapping[str, Any]) -> Record:
    """One rule of one template: it names all resources that break it, so the finding lasts until none is left."""
    message = str(violation.get("message") or violation.get("name") or "")
    resources = ", ".join(texts(violation.get("logical_resource_ids")))
    lines = tuple(listed(violation.get("line_numbers"))) or (1,)
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(violation.get("id") or violation.get("name") or ""),
        title=first_line(message),
        severity=severity(violation.get("type"), Severity.MEDIUM, fail=Severity.HIGH),
        confidence=Confidence.HIGH,
        message=f"{message}: {resources}" if resources else message,
        locations=tuple(location for line in lines for location in place(path, line)),
        evidence=resources,
    )


FORMAT = Format(
    id="cfn-nag",
    title="cfn_nag",
    docs="https://github.com/stelligent/cfn_nag#usage",
    recognises=recognises,
    records=records,
)
