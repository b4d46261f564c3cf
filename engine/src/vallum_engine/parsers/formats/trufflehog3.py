"""truffleHog3's JSON, a list: of version 3, and of version 2, whose records are as those of TruffleHog 2."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers import leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Rejected, Sighting
from vallum_engine.parsers.formats.trufflehog import strings
from vallum_engine.parsers.records import NO_OBJECT, leading, one
from vallum_engine.parsers.words import dug, listed, place, severity

_OLD = frozenset({"stringsFound", "reason", "commitHash", "branch"})


def recognises(document: Document) -> bool:
    if not isinstance(document.json, list):
        return False
    first = leading(document.json)
    # Rusty Hog's strings look alike: its records name the lines of both sides.
    old = first.keys() >= _OLD and "new_line_num" not in first
    return old or ({"rule", "secret", "context"} <= first.keys() and isinstance(first["rule"], dict))


def records(document: Document) -> Iterator[Record]:
    if not isinstance(document.json, list):
        raise TypeError("a list is expected")
    for index, item in enumerate(listed(document.json)):
        at = f"[{index}]"
        if not isinstance(item, Mapping):
            yield Rejected(at=at, why=NO_OBJECT)
        elif "rule" in item:
            yield one(at, item, _record)
        else:
            yield from strings(at, item)


def _record(at: str, item: Mapping[str, Any]) -> Record:
    rule = item["rule"]
    title = str(dug(rule, "message") or dug(rule, "id") or "")
    entropy = dug(rule, "id") == "high-entropy"
    commit = item.get("commit")
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=str(rule["id"]),
        title=title,
        severity=severity(dug(rule, "severity")),
        confidence=Confidence.LOW if entropy else Confidence.MEDIUM,
        message=leaks.told(title, f"Commit {commit}." if commit else ""),
        locations=place(item.get("path"), item.get("line")),
        secret=leaks.value(item.get("secret")),
    )


FORMAT = Format(
    id="trufflehog3",
    title="truffleHog3",
    docs="https://github.com/feeltheajf/trufflehog3",
    recognises=recognises,
    records=records,
)
