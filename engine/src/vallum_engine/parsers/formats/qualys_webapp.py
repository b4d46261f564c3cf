"""Qualys Web Application Scanning: the XML of scan and web application reports."""

from collections.abc import Iterator, Mapping
from functools import partial
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers import qualys
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.elements import each, said
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address, joined, links
from vallum_engine.parsers.words import cves, cwes, plain, texts

_ROOTS = frozenset({"WAS_SCAN_REPORT", "WAS_WEBAPP_REPORT"})
_LISTS = ("VULNERABILITY", "SENSITIVE_CONTENT", "INFORMATION_GATHERED")
_GATHERED = "INFORMATION_GATHERED"


def recognises(document: Document) -> bool:
    return document.xml is not None and document.xml.tag in _ROOTS


def records(document: Document) -> Iterator[Record]:
    root = document.xml if document.xml is not None else Element("WAS_SCAN_REPORT")
    known = {said(entry, "QID"): entry for entry in root.iterfind("GLOSSARY/QID_LIST/QID")}
    site = said(root, "APPENDIX/WEBAPP/URL")
    for kind in _LISTS:
        yield from each(root.iterfind(f"RESULTS//{kind}_LIST/{kind}"), kind, partial(_record, known=known, site=site))


def _record(at: str, item: Element, *, known: Mapping[str, Element], site: str) -> Record:
    rule = said(item, "QID")
    about = known.get(rule)
    if about is None:
        return Rejected(at=at, why=f"its QID {rule or '(none)'} is not in the glossary")
    if said(item, "STATUS").upper() == "FIXED":
        return Passed(at=at)
    description = said(about, "DESCRIPTION")
    parameter = said(item, "PARAM")
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=rule,
        title=said(about, "TITLE") or rule,
        severity=Severity.INFO if item.tag == _GATHERED else qualys.severity(said(about, "SEVERITY")),
        confidence=_confidence(item, about),
        message=joined((plain(description), plain(said(about, "IMPACT")).removeprefix("N/A"))),
        locations=at_address(said(item, "URL") or site),
        ids=cves(said(about, "CVE")),
        cwes=cwes(*said(about, "CWE").split(",")),
        evidence=parameter,
        steps=texts(plain(said(about, "SOLUTION")).removeprefix("N/A")),
        references=links(description, said(about, "SOLUTION")),
        anchor=texts(parameter),
        mark=Mark.SUPPRESSED if said(item, "IGNORED").lower() == "true" else Mark.NONE,
    )


def _confidence(item: Element, about: Element) -> Confidence:
    """What one detection says of itself goes before what is said of all of its kind."""
    potential = said(item, "POTENTIAL").lower() or str("Potential" in said(about, "CATEGORY")).lower()
    return Confidence.LOW if potential == "true" else Confidence.HIGH


FORMAT = Format(
    id="qualys-webapp",
    title="Qualys Web Application Scanning (XML)",
    docs="https://docs.qualys.com/en/was/api/reports/report_xml_dtd.htm",
    recognises=recognises,
    records=records,
)
