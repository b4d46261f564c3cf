"""Burp Suite's XML export of issues."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers.burp import attacked
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.elements import each, said
from vallum_engine.parsers.format import Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address, joined, links
from vallum_engine.parsers.words import confidence, cwes, plain, severity, texts


def recognises(document: Document) -> bool:
    return document.xml is not None and document.xml.tag == "issues" and "burpVersion" in document.xml.attrib


def records(document: Document) -> Iterator[Record]:
    if document.xml is not None:
        yield from each(document.xml.iter("issue"), "issue", _record)


def _record(at: str, issue: Element) -> Record:
    rule, name = said(issue, "type"), said(issue, "name")
    if not rule or not name:
        return Rejected(at=at, why="it has no type or no name")
    word = said(issue, "severity")
    target = attacked(said(issue, "location"))
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=rule,
        title=name,
        severity=severity(word, Severity.INFO),
        confidence=confidence(said(issue, "confidence")),
        message=joined((plain(said(issue, "issueDetail")), plain(said(issue, "issueBackground")))),
        locations=at_address(said(issue, "path"), said(issue, "host")),
        cwes=cwes(plain(said(issue, "vulnerabilityClassifications"))),
        evidence=target,
        steps=texts([plain(said(issue, "remediationDetail")), plain(said(issue, "remediationBackground"))]),
        references=links(said(issue, "references")),
        # All issues of extensions have one type: the name tells them apart.
        anchor=(name, target),
        mark=Mark.SUPPRESSED if word.lower() == "false positive" else Mark.NONE,
    )


def tool(document: Document) -> str:
    return document.xml.get("burpVersion", "") if document.xml is not None else ""


FORMAT = Format(
    id="burp",
    title="Burp Suite (XML)",
    docs="https://portswigger.net/burp/documentation/desktop/running-scans/reporting",
    recognises=recognises,
    records=records,
    tool=tool,
)
