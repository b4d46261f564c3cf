"""Issues as Burp Suite DAST's GraphQL API answers them."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers.burp import told_apart
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address, joined, links
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import confidence, cwes, dug, plain, severity, texts


def recognises(document: Document) -> bool:
    found = _issues(document)
    if not isinstance(found, list):
        return False
    if not found:
        # Other tools have a list of that name beside other things.
        return document.json.keys() == {"Issues"} or dug(document.json, "data", "scan") is not None
    return isinstance(dug(found, 0, "issue_type"), dict)


def _issues(document: Document) -> Any:
    """As a file of issues, or as the answer to a query about a scan."""
    value = document.json
    return value["Issues"] if isinstance(value, dict) and "Issues" in value else dug(value, "data", "scan", "issues")


def records(document: Document) -> Iterator[Record]:
    yield from each(_issues(document), "Issues", _record)


def _record(at: str, issue: Mapping[str, Any]) -> Record:
    kind = issue.get("issue_type")
    name = str(dug(kind, "name") or "")
    if not isinstance(kind, dict) or not name:
        return Rejected(at=at, why="its type has no name")
    detail = plain(issue.get("description_html"))
    word = str(issue.get("severity") or "")
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=str(kind.get("type_index") or name),
        title=name,
        severity=severity(word),
        confidence=confidence(issue.get("confidence")),
        message=joined((detail, plain(kind.get("description_html")))),
        locations=at_address(issue.get("path"), issue.get("origin")),
        cwes=cwes(plain(kind.get("vulnerability_classifications_html"))),
        steps=texts([plain(issue.get("remediation_html")), plain(kind.get("remediation_html"))]),
        references=links(kind.get("references_html")),
        # Which input it is about stands in the first sentence of the detail, and nowhere else.
        anchor=(name, *told_apart(detail)),
        mark=Mark.SUPPRESSED if word.lower() == "false_positive" else Mark.NONE,
    )


FORMAT = Format(
    id="burp-graphql",
    title="Burp Suite DAST (GraphQL API)",
    docs="https://portswigger.net/burp/extensibility/dast/graphql-api",
    recognises=recognises,
    records=records,
)
