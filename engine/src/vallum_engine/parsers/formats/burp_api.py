"""What Burp Suite's REST API answers about a scan."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers.burp import attacked
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address, joined, links
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import confidence, cwes, dug, plain, severity, texts


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and isinstance(value.get("issue_events"), list) and "scan_status" in value


def records(document: Document) -> Iterator[Record]:
    status = str(document.json.get("scan_status") or "")
    yield from each(document.json["issue_events"], "issue_events", _record)
    if status != "succeeded":
        yield Rejected(at="scan_status", why=f"the scan is “{status}”: what it had not found yet is not here")


def _record(at: str, event: Mapping[str, Any]) -> Record:
    issue = event.get("issue")
    if not isinstance(issue, dict) or not issue.get("name"):
        return Rejected(at=at, why="it holds no issue with a name")
    target = attacked(issue.get("caption"))
    word = str(issue.get("severity") or "")
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=str(issue.get("type_index") or issue["name"]),
        title=str(issue["name"]),
        severity=severity(word),
        confidence=confidence(issue.get("confidence")),
        message=joined((plain(issue.get("description")), plain(issue.get("issue_background")))),
        locations=at_address(issue.get("path"), issue.get("origin")),
        cwes=cwes(plain(issue.get("vulnerability_classifications"))),
        evidence=target,
        steps=texts([plain(issue.get("remediation")), plain(issue.get("remediation_background"))]),
        references=links(issue.get("references")),
        anchor=(str(issue["name"]), target),
        mark=Mark.SUPPRESSED if word == "false_positive" else Mark.NONE,
    )


def tool(document: Document) -> str:
    return str(dug(document.json, "burp_version") or "")


FORMAT = Format(
    id="burp-api",
    title="Burp Suite (REST API)",
    docs="https://portswigger.net/burp/documentation/desktop/settings/suite/rest-api",
    recognises=recognises,
    records=records,
    tool=tool,
)
