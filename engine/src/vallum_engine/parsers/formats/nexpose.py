"""Nexpose and InsightVM: the XML export 2.0."""

from collections.abc import Iterator
from functools import partial
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.elements import each, said
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_port
from vallum_engine.parsers.words import cves, number, of_score, texts, vector

# Vulnerable in what way: an exploit worked, the version is known for it, or nobody knows for sure.
_VULNERABLE = {
    "vulnerable-exploited": Confidence.HIGH,
    "vulnerable-version": Confidence.MEDIUM,
    "vulnerable-potential": Confidence.LOW,
}
_EXCEPTION = "exception-"
# Severities go from 1 to 10.
_BANDS = ((8, Severity.CRITICAL), (4, Severity.HIGH), (1, Severity.MEDIUM))


def recognises(document: Document) -> bool:
    return document.xml is not None and document.xml.tag == "NexposeReport"


def records(document: Document) -> Iterator[Record]:
    root = document.xml if document.xml is not None else Element("NexposeReport")
    known = {v.get("id", "").lower(): v for v in root.iterfind("VulnerabilityDefinitions/vulnerability")}
    for index, node in enumerate(root.iterfind("nodes/node")):
        for at, tests, locations in _places(f"node[{index}]", node):
            yield from each(tests, at, partial(_record, known=known, locations=locations))
    for scan in root.iterfind("scans/scan"):
        status = scan.get("status", "finished")
        if status != "finished":
            yield Rejected(at="scan", why=f"the scan is “{status}”: what it had not found yet is not here")


def _places(at: str, node: Element) -> Iterator[tuple[str, Iterator[Element], tuple[Location, ...]]]:
    """The node itself and its ports: where tests hang."""
    host = node.get("address", "")
    yield f"{at}.test", node.iterfind("tests/test"), at_port(host)
    for endpoint in node.iterfind("endpoints/endpoint"):
        port, protocol = endpoint.get("port", ""), endpoint.get("protocol", "")
        yield f"{at} port {port}/{protocol} test", endpoint.iter("test"), at_port(host, port, protocol)


def _record(at: str, test: Element, *, known: dict[str, Element], locations: tuple[Location, ...]) -> Record:
    rule, status = test.get("id", "").lower(), test.get("status", "")
    if not rule or not status:
        return Rejected(at=at, why="it has no id or no status")
    excepted = status.startswith(_EXCEPTION)
    sureness = _VULNERABLE.get(status.removeprefix(_EXCEPTION))
    if sureness is None:
        return Rejected(at=at, why="the scanner could not test it") if status == "error" else Passed(at=at)
    about = known.get(rule)
    if about is None:
        about = Element("vulnerability")
    references = [
        (ref.get("source", ""), "".join(ref.itertext()).strip()) for ref in about.iterfind("references/reference")
    ]
    ids = cves(*(text for source, text in references if source == "CVE"))
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if ids else Kind.WEAKNESS,
        rule=rule,
        title=about.get("title", rule),
        severity=_severity(about),
        confidence=sureness,
        message=_flat(said(about, "description")),
        locations=locations,
        ids=ids,
        cvss=vector(about.get("cvssV3Vector")),
        evidence=_flat(said(test, "Paragraph"))[:400],
        steps=texts(_flat(said(about, "solution"))),
        references=tuple(text for source, text in references if source == "URL"),
        anchor=texts(test.get("key")),
        mark=Mark.SUPPRESSED if excepted else Mark.NONE,
    )


def _severity(about: Element) -> Severity:
    """The score says it in common terms; without one the tool's own scale does."""
    score = about.get("cvssV3Score") or about.get("cvssScore")
    if score:
        return of_score(score)
    level = number(about.get("severity"))
    return next((severity for least, severity in _BANDS if level >= least), Severity.INFO)


def _flat(text: str) -> str:
    return " ".join(text.split())


FORMAT = Format(
    id="nexpose",
    title="Nexpose and InsightVM (XML 2.0)",
    docs="https://docs.rapid7.com/nexpose/working-with-report-formats/",
    recognises=recognises,
    records=records,
)
