"""CloudSploit's JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import first_line, place, texts

_KEYS = frozenset({"plugin", "category", "title", "status", "message", "region"})
_SEVERITIES = {"FAIL": Severity.HIGH, "WARN": Severity.MEDIUM}
_NOWHERE = frozenset({"", "N/A"})


def recognises(document: Document) -> bool:
    return isinstance(document.json, list) and leading(document.json).keys() >= _KEYS


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json, "", _result)


def _result(at: str, result: Mapping[str, Any]) -> Record:
    status, message = str(result.get("status") or ""), str(result.get("message") or "")
    if status not in _SEVERITIES:
        passed = status in {"OK", "PASS"}
        return Passed(at=at) if passed else Rejected(at=at, why=f"the tool could not check it: {message or status}")
    resource, region = str(result.get("resource") or ""), str(result.get("region") or "")
    somewhere = resource not in _NOWHERE
    description = result.get("description")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(result.get("plugin") or ""),
        title=first_line(message or result.get("title")),
        severity=_SEVERITIES[status],
        confidence=Confidence.HIGH,
        message="\n\n".join(texts([message, f"Checked: {description}" if description else ""])),
        locations=place(resource if somewhere else region),
        anchor=(region,) if somewhere else (region, message),
    )


FORMAT = Format(
    id="cloudsploit",
    title="CloudSploit",
    docs="https://github.com/aquasecurity/cloudsploit#output-formats",
    recognises=recognises,
    records=records,
)
