"""Acunetix' XML export (`ScanGroup`)."""

import re
from collections.abc import Iterator
from functools import partial
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.elements import each, said
from vallum_engine.parsers.format import Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address, joined
from vallum_engine.parsers.words import cves, cwes, plain, severity, texts, vector

# What tells two of a kind at one address apart: a cookie, a form and its inputs.
_TELLING = re.compile(r"Set-Cookie:\s*([^=;\s]{1,200})=|Form action:\s*([^\s<]{1,500})|<li>\s*([\w.-]{1,200})\s*\[")
_COOKIE = re.compile(r"(Set-Cookie:\s*[^=;\s]{1,200}=)[^;\s]*")


def recognises(document: Document) -> bool:
    return document.xml is not None and document.xml.tag == "ScanGroup"


def records(document: Document) -> Iterator[Record]:
    for number, scan in enumerate(document.xml.iter("Scan") if document.xml is not None else ()):
        base = _base(scan)
        items = scan.iterfind("ReportItems/ReportItem")
        yield from each(items, f"Scan[{number}].ReportItem", partial(_record, base=base))
        if said(scan, "Aborted").lower() == "true":
            yield Rejected(at=f"Scan[{number}]", why="the scan was aborted: what it had not found yet is not here")


def _base(scan: Element) -> str:
    """The address with its scheme stands at the crawler only."""
    crawler = scan.find("Crawler")
    start = (crawler.get("StartUrl", "") if crawler is not None else "") or said(scan, "StartURL")
    return start if "://" in start or not start else f"http://{start}"


def _record(at: str, item: Element, *, base: str) -> Record:
    name = said(item, "Name")
    if not name:
        return Rejected(at=at, why="it has no name")
    false = said(item, "IsFalsePositive").lower() in {"true", "1"}
    details = said(item, "Details")
    parameter = said(item, "Parameter").replace("<empty>", "")
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=name,
        title=name,
        severity=severity(said(item, "Severity"), Severity.INFO),
        message=joined(
            # A cookie's value may be somebody's session.
            plain(text)
            for text in (said(item, "Description"), said(item, "Impact"), _COOKIE.sub(r"\1…", details))
        ),
        locations=at_address(said(item, "Affects") or "/", base),
        ids=cves(said(item, "CVEList")),
        cwes=cwes(*(cwe.get("id") for cwe in item.iterfind("CWEList/CWE"))),
        cvss=vector(said(item, "CVSS4/Descriptor"), said(item, "CVSS3/Descriptor")),
        evidence=parameter,
        steps=texts(plain(said(item, "Recommendation"))),
        references=texts([said(reference, "URL") for reference in item.iterfind("References/Reference")]),
        anchor=(
            parameter,
            said(item, "AOP_SourceFile"),
            *(match[match.lastindex or 0] for match in _TELLING.finditer(details)),
        ),
        mark=Mark.SUPPRESSED if false else Mark.NONE,
    )


FORMAT = Format(
    id="acunetix",
    title="Acunetix (XML)",
    docs="https://www.acunetix.com/support/docs/wvs/exporting-scan-results/",
    recognises=recognises,
    records=records,
)
