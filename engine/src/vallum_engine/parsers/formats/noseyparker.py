"""Nosey Parker's report (`noseyparker report -f jsonl` and `-f json`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers import leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import dug, listed, place


def recognises(document: Document) -> bool:
    # Reading the whole as lines is dear, and every reader is asked about every file.
    if '"rule_name"' not in document.head:
        return False
    first = leading(document.json if isinstance(document.json, list) else list(document.jsons[:20]))
    return {"rule_name", "matches", "num_matches"} <= first.keys()


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json if isinstance(document.json, list) else list(document.jsons), "", _record)


def _record(at: str, item: Mapping[str, Any]) -> Record:
    if "rule_name" not in item:
        return Rejected(at=at, why="it names no rule")
    rule, matches = str(item["rule_name"]), list(listed(item.get("matches")))
    verdicts = {str(verdict).lower() for verdict in listed(item.get("statuses"))}
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=str(item.get("rule_text_id") or rule),
        title=rule,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH if "accept" in verdicts else Confidence.MEDIUM,
        message=leaks.told(rule),
        locations=tuple(dict.fromkeys(spot for match in matches for spot in _places(match))),
        secret=_value(item),
        mark=Mark.SUPPRESSED if verdicts == {"reject"} else Mark.NONE,
    )


def _value(item: Mapping[str, Any]) -> bytes:
    """What the rule's groups matched, in Base64 as they may be any bytes; before version 0.16 as text."""
    groups = [leaks.decoded(group) for group in listed(item.get("groups"))]
    return b"\n".join(group for group in groups if group) or leaks.value(item.get("match_content"))


def _places(match: Any) -> tuple[Location, ...]:
    """Of the same content in a file and in a repository's history the file comes first."""
    span = dug(match, "location", "source_span")
    lines = dug(span, "start", "line"), dug(span, "end", "line")
    for origin in listed(dug(match, "provenance")):
        commit = dug(origin, "first_commit") or dug(origin, "commit_provenance")
        if path := dug(origin, "path") or dug(commit, "blob_path") or dug(origin, "repo_path"):
            return place(path, *lines)
    return ()


FORMAT = Format(
    id="noseyparker",
    title="Nosey Parker",
    docs="https://github.com/praetorian-inc/noseyparker",
    recognises=recognises,
    records=records,
)
