"""GitHub's code scanning alerts, as its REST API lists them."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import cwes, dug, first_line, leaked, place, severity, texts


def recognises(document: Document) -> bool:
    first = leading(document.json)
    return {"number", "rule", "most_recent_instance"} <= first.keys()


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json, "", _record)


def _record(at: str, item: Mapping[str, Any]) -> Record:
    if item.get("state") == "fixed":
        return Passed(at=at)
    rule, seen = item.get("rule"), item.get("most_recent_instance")
    if not isinstance(rule, Mapping):
        return Rejected(at=at, why="it names no rule")
    weaknesses, where = cwes(rule.get("tags")), dug(seen, "location")
    title = first_line(rule.get("description") or rule.get("name"))
    return Sighting(
        at=at,
        kind=Kind.SECRET if leaked(weaknesses) else Kind.WEAKNESS,
        rule=str(rule.get("id") or rule.get("name") or ""),
        title=title,
        # By a score where the rule has one; else by what its author calls it.
        severity=severity(rule.get("security_severity_level") or rule.get("severity")),
        message="\n\n".join(texts([dug(seen, "message", "text"), rule.get("full_description")])) or title,
        locations=place(dug(where, "path"), dug(where, "start_line"), dug(where, "end_line")),
        cwes=weaknesses,
        steps=texts(rule.get("help")),
        references=texts(item.get("html_url")),
        # An alert keeps its number as its code moves.
        anchor=texts([item.get("number"), dug(item, "tool", "name")]),
        mark=Mark.SUPPRESSED if item.get("state") == "dismissed" else Mark.NONE,
    )


def tool(document: Document) -> str:
    first = leading(document.json)
    return " ".join(texts([dug(first, "tool", "name"), dug(first, "tool", "version")]))


FORMAT = Format(
    id="github-sast",
    title="GitHub code scanning",
    docs="https://docs.github.com/en/rest/code-scanning/code-scanning",
    recognises=recognises,
    records=records,
    tool=tool,
)
