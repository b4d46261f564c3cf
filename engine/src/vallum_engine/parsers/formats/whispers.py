"""Whispers' JSON: values of secrets in configuration and code."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers import leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import place, severity


def recognises(document: Document) -> bool:
    return (
        isinstance(document.json, list) and {"key", "value", "file", "line", "rule_id"} <= leading(document.json).keys()
    )


def records(document: Document) -> Iterator[Record]:
    if not isinstance(document.json, list):
        raise TypeError("a list is expected")
    yield from each(document.json, "", _record)


def _record(at: str, item: Mapping[str, Any]) -> Record:
    title = str(item.get("message") or item["rule_id"])
    key = str(item.get("key") or "")
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=str(item["rule_id"]),
        title=title,
        # Blocker, critical, major, minor, info.
        severity=severity(item.get("severity"), critical=Severity.HIGH, major=Severity.MEDIUM),
        message=leaks.told(title, f"Key: {leaks.without(key, item.get('value'))}." if key else ""),
        locations=place(item.get("file"), item.get("line")),
        anchor=(leaks.without(key, item.get("value")),),
        secret=leaks.value(item.get("value")),
    )


FORMAT = Format(
    id="whispers",
    title="Whispers",
    docs="https://github.com/adeptex/whispers",
    recognises=recognises,
    records=records,
)
