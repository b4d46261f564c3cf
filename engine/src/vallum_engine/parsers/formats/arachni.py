"""Arachni's JSON report."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import cwes, dug, first_line, severity, texts


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and {"seed", "sitemap", "issues", "delta_time"} <= value.keys()


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["issues"], "issues", _record)


def _record(at: str, issue: Mapping[str, Any]) -> Record:
    rule = str(dug(issue, "check", "shortname") or issue.get("name") or "")
    if not rule:
        return Rejected(at=at, why="it names no check")
    vector = issue.get("vector")
    links = issue.get("references")
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=rule,
        title=str(issue.get("name") or rule),
        severity=severity(issue.get("severity")),
        # Issues that the tool does not trust need a person to look at them.
        confidence=Confidence.HIGH if issue.get("trusted") is True else Confidence.LOW,
        message=_text(issue.get("description")),
        locations=at_address(dug(vector, "action") or dug(vector, "url") or dug(issue, "page", "dom", "url")),
        cwes=cwes(issue.get("cwe")),
        evidence=first_line(issue.get("proof")),
        steps=texts(_text(issue.get("remedy_guidance"))),
        references=texts(list(links.values())) if isinstance(links, dict) else (),
        anchor=(
            str(issue.get("name") or ""),
            str(dug(vector, "type") or ""),
            str(dug(vector, "affected_input_name") or ""),
            # Nothing is entered where a page as such is at fault: what proves it tells the places of one page apart.
            "" if dug(vector, "affected_input_name") else first_line(issue.get("proof")),
        ),
    )


def _text(value: Any) -> str:
    """Markdown whose lines were broken for a terminal: a single break is a blank."""
    paragraphs = str(value or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip())


def tool(document: Document) -> str:
    return str(document.json.get("version") or "")


FORMAT = Format(
    id="arachni",
    title="Arachni (JSON)",
    docs="https://github.com/Arachni/arachni/wiki/Reports",
    recognises=recognises,
    records=records,
    tool=tool,
)
