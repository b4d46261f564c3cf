"""OpenVAS' reports (Greenbone): XML, and the table of results."""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.elements import said
from vallum_engine.parsers.format import Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_port, joined, links
from vallum_engine.parsers.records import one
from vallum_engine.parsers.words import cves, number, of_score, severity, texts, vector

_COLUMNS = frozenset({"IP", "NVT Name", "NVT OID", "Specific Result"})
_ROOTS = frozenset({"report", "get_reports_response"})
# The quality of detection, in percent.
_SURE, _LIKELY = 80, 50


def recognises(document: Document) -> bool:
    root = document.xml
    if root is not None:
        return (
            root.tag in _ROOTS and root.find(".//results") is not None and root.find(".//scan_run_status") is not None
        )
    return frozenset(document.columns) >= _COLUMNS


def records(document: Document) -> Iterator[Record]:
    if document.xml is None:
        for index, row in enumerate(document.rows):
            yield one(f"row {index + 1}", row, _row)
        return
    for index, result in enumerate(r for results in document.xml.iter("results") for r in results.iterfind("result")):
        yield one(f"result[{index}]", _mapping(result), _row)
    for status in document.xml.iter("scan_run_status"):
        word = "".join(status.itertext()).strip()
        if word and word != "Done":
            yield Rejected(at="scan_run_status", why=f"the scan is “{word}”: what it had not found yet is not here")


def _mapping(result: Element) -> dict[str, str]:
    """A result of the XML as a row of the table."""
    nvt = result.find("nvt")
    about = dict(part.partition("=")[::2] for part in said(nvt, "tags").split("|"))
    port, _, protocol = said(result, "port").partition("/")
    refs = [(ref.get("type", ""), ref.get("id", "")) for ref in nvt.iterfind("refs/ref")] if nvt is not None else []
    host = result.find("host")
    return {
        "IP": (host.text or "").strip() if host is not None else "",
        "Port": port,
        "Port Protocol": protocol,
        "CVSS": said(result, "severity") or said(nvt, "cvss_base"),
        "Severity": said(result, "threat"),
        "QoD": said(result, "qod/value"),
        "NVT Name": said(nvt, "name") or said(result, "name"),
        "NVT OID": nvt.get("oid", "") if nvt is not None else "",
        "Specific Result": said(result, "description"),
        "Summary": about.get("summary", ""),
        "Vulnerability Insight": about.get("insight", ""),
        "Impact": about.get("impact", ""),
        "Solution": said(nvt, "solution") or about.get("solution", ""),
        "CVEs": " ".join((*(id_ for _, id_ in refs), said(nvt, "cve"))),
        "Other References": " ".join(id_ for kind, id_ in refs if kind == "url"),
        "Vector": said(nvt, "severities/severity/value") or about.get("cvss_base_vector", ""),
    }


def _row(at: str, row: Mapping[str, Any]) -> Record:
    rule, word = row.get("NVT OID") or "", str(row.get("Severity") or "").strip()
    if not rule:
        return Rejected(at=at, why="it names no test (NVT OID)")
    if word.lower() == "error":
        return Rejected(at=at, why=f"the scanner could not test it: {row.get('Specific Result')}")
    ids = cves(row.get("CVEs"))
    score = row.get("CVSS")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if ids else Kind.WEAKNESS,
        rule=rule,
        title=str(row.get("NVT Name") or rule),
        severity=severity(word, of_score(score)) if word else of_score(score),
        confidence=_confidence(number(row.get("QoD"), _SURE)),
        message=joined(
            _flat(row.get(part)) for part in ("Summary", "Vulnerability Insight", "Impact", "Specific Result")
        ),
        locations=at_port(row.get("IP") or row.get("Hostname"), row.get("Port"), row.get("Port Protocol")),
        ids=ids,
        cvss=vector(row.get("Vector")),
        steps=texts(_flat(row.get("Solution"))),
        references=links(row.get("Other References")),
        mark=Mark.SUPPRESSED if word.lower() == "false positive" else Mark.NONE,
    )


def _flat(text: object) -> str:
    """Lines that were broken and indented for a terminal, as paragraphs."""
    paragraphs = str(text or "").strip().split("\n\n")
    return "\n\n".join("\n".join(" ".join(line.split()) for line in part.splitlines()) for part in paragraphs)


def _confidence(quality: int) -> Confidence:
    if quality >= _SURE:
        return Confidence.HIGH
    return Confidence.MEDIUM if quality >= _LIKELY else Confidence.LOW


FORMAT = Format(
    id="openvas",
    title="OpenVAS and Greenbone",
    docs="https://docs.greenbone.net/API/GMP/gmp-22.7.html#type_result",
    recognises=recognises,
    records=records,
)
