"""Qualys' scan reports as a table."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers import qualys
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_port, joined, links
from vallum_engine.parsers.records import one
from vallum_engine.parsers.words import cves, number, plain, texts

_COLUMNS = frozenset({"IP", "QID", "Title", "Vuln Status", "Type"})
# Vulnerabilities, potential ones (“practice”), and information that was gathered.
_TYPES = {"vuln": Confidence.HIGH, "practice": Confidence.LOW, "ig": Confidence.HIGH}


def recognises(document: Document) -> bool:
    return frozenset(document.columns) >= _COLUMNS


def records(document: Document) -> Iterator[Record]:
    for index, row in enumerate(document.rows):
        yield one(f"row {index + 1}", row, _record)


def _record(at: str, row: Mapping[str, Any]) -> Record:
    rule, title = row["QID"], row["Title"]
    if not rule or not title or not number(row.get("Severity")):
        return Rejected(at=at, why="it has no QID, no title or no severity")
    state = row["Vuln Status"].lower()
    if state == "fixed":
        return Passed(at=at)
    ids = cves(row.get("CVE ID"))
    solution = str(row.get("Solution") or "")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if ids else Kind.WEAKNESS,
        rule=rule,
        title=title,
        severity=qualys.severity(row["Severity"]),
        confidence=_TYPES.get(row["Type"].lower(), Confidence.MEDIUM),
        message=joined((plain(row.get("Threat")), plain(row.get("Impact")))),
        locations=at_port(row["IP"] or row.get("DNS"), row.get("Port"), row.get("Protocol")),
        ids=ids,
        cvss=qualys.vector(row.get("CVSS3.1 Base") or row.get("CVSS3 Base")),
        steps=texts(plain(solution)),
        references=links(solution),
        anchor=texts(row.get("Instance")),
        mark=Mark.SUPPRESSED if state == "ignored" else Mark.NONE,
    )


FORMAT = Format(
    id="qualys",
    title="Qualys (CSV of a scan)",
    docs="https://docs.qualys.com/en/vm/latest/reports/scan_report.htm",
    recognises=recognises,
    records=records,
)
