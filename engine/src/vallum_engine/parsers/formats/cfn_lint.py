"""cfn-lint's JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import dug, first_line, listed, place, severity, texts


def recognises(document: Document) -> bool:
    item = leading(document.json) if isinstance(document.json, list) else {}
    return {"Filename", "Level", "Location", "Rule"} <= item.keys() and isinstance(item["Rule"], dict)


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json, "", _match)


def _match(at: str, match: Mapping[str, Any]) -> Record:
    rule, where = match.get("Rule") or {}, match.get("Location") or {}
    message = str(match.get("Message") or "")
    path = "/".join(str(step) for step in listed(where.get("Path")))
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(rule.get("Id") or ""),
        title=first_line(message or rule.get("ShortDescription")),
        severity=severity(match.get("Level"), Severity.MEDIUM),
        confidence=Confidence.HIGH,
        message="\n\n".join(texts([message, rule.get("Description")])),
        locations=place(match.get("Filename"), dug(where, "Start", "LineNumber"), dug(where, "End", "LineNumber")),
        evidence=path,
        references=texts(rule.get("Source")),
        anchor=(path, message),
    )


FORMAT = Format(
    id="cfn-lint",
    title="cfn-lint",
    docs="https://github.com/aws-cloudformation/cfn-lint#parameters",
    recognises=recognises,
    records=records,
)
