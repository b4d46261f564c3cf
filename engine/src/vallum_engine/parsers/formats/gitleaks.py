"""Gitleaks' JSON: of version 8, and of those before."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers import leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import place, squeezed, texts


def recognises(document: Document) -> bool:
    if not isinstance(document.json, list):
        return False
    first = leading(document.json)
    return {"RuleID", "Secret", "Match"} <= first.keys() or {"offender", "rule", "line"} <= first.keys()


def records(document: Document) -> Iterator[Record]:
    # Old versions write `null` when they find nothing.
    if document.json is None and document.head.strip() == "null":
        return
    if not isinstance(document.json, list):
        raise TypeError("a list is expected")
    yield from each(document.json, "", _record)


def _record(at: str, item: Mapping[str, Any]) -> Record:
    new = "RuleID" in item
    rule = str(item["RuleID"] if new else item["rule"])
    given, extract = (item.get("Secret"), item.get("Match")) if new else (item.get("offender"), item.get("line"))
    value = leaks.value(given)
    title = str(item.get("Description") or rule)
    commit = str(item.get("Commit" if new else "commit") or "")
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=rule,
        title=title,
        severity=Severity.HIGH,
        message=leaks.told(title, f"Commit {commit}." if commit else ""),
        locations=place(
            item.get("File" if new else "file"),
            item.get("StartLine" if new else "lineNumber"),
            item.get("EndLine"),
        ),
        references=texts(item.get("Link") or item.get("leakURL")),
        # Starred out, the line tells two of a file apart; of a key of which only the first line is known nothing does.
        anchor=() if value or not _is_starred(given) else (squeezed(extract),),
        secret=value,
    )


def _is_starred(given: object) -> bool:
    return "REDACTED" in str(given or "")


FORMAT = Format(
    id="gitleaks",
    title="Gitleaks",
    docs="https://github.com/gitleaks/gitleaks#reporting",
    recognises=recognises,
    records=records,
)
