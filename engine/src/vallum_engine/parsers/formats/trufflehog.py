"""TruffleHog's JSON, a value a line: of version 3, and of version 2."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers import leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import leading, one
from vallum_engine.parsers.words import dug, listed, place, texts

_V3 = frozenset({"SourceMetadata", "DetectorName"})
_V2 = frozenset({"stringsFound", "reason", "commitHash", "printDiff"})
# Where a source says it is, the most exact first.
_PATHS = ("file", "path", "key", "link", "url", "repository", "image")


def recognises(document: Document) -> bool:
    # Reading the whole as lines is dear, and every reader is asked about every file.
    if '"SourceMetadata"' not in document.head and '"commitHash"' not in document.head:
        return False
    first = leading(list(document.jsons[:20]))
    return first.keys() >= _V3 or first.keys() >= _V2


def records(document: Document) -> Iterator[Record]:
    for index, item in enumerate(document.jsons):
        at = f"line {index + 1}"
        if isinstance(item, Mapping) and item.keys() >= _V2:
            yield from strings(at, item)
        else:
            yield one(at, item, _record)


def strings(at: str, item: Mapping[str, Any]) -> Iterator[Record]:
    """A record of version 2 is a piece of a commit with all the values of one rule that are in it."""
    rule, found = str(item.get("reason") or ""), texts(list(listed(item.get("stringsFound"))))
    if not found:
        yield Rejected(at=at, why="it names no string that was found")
    for text in found:
        yield Sighting(
            at=at,
            kind=Kind.SECRET,
            rule=rule,
            title=rule,
            severity=Severity.MEDIUM if "entropy" in rule.lower() else Severity.HIGH,
            confidence=Confidence.LOW if "entropy" in rule.lower() else Confidence.MEDIUM,
            message=leaks.told(rule, f"Commit {item.get('commitHash')} of {item.get('branch')}."),
            locations=place(item.get("path")),
            secret=leaks.value(text.lstrip("+-")),
        )


def _record(at: str, item: Mapping[str, Any]) -> Record:
    name, verified = str(item["DetectorName"]), item.get("Verified") is True
    said = "It was tried, and it is live." if verified else ""
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=name,
        title=f"{name} credential" if name.isalnum() else name,
        severity=Severity.CRITICAL if verified else Severity.HIGH,
        confidence=Confidence.HIGH if verified else Confidence.MEDIUM,
        message=leaks.told(" ".join(texts([name, item.get("DetectorDescription")])), said),
        locations=_place(dug(item, "SourceMetadata", "Data")),
        references=texts(dug(item, "ExtraData", "rotation_guide")),
        secret=leaks.decoded(item.get("Raw") or item.get("RawV2")),
    )


def _place(data: Any) -> tuple[Location, ...]:
    """Beneath the name of the source (Git, S3, Slack, …) stand its own fields."""
    for source in data.values() if isinstance(data, Mapping) else ():
        path = next((text for key in _PATHS if (text := dug(source, key))), "")
        return place(path, dug(source, "line"))
    return ()


FORMAT = Format(
    id="trufflehog",
    title="TruffleHog",
    docs="https://github.com/trufflesecurity/trufflehog#what-is-new-in-v3",
    recognises=recognises,
    records=records,
)
