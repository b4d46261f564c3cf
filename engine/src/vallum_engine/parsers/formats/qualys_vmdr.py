"""Qualys VMDR: the table of vulnerabilities of assets, by QID or by CVE, below three lines about the report."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers import qualys
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_port, joined, links
from vallum_engine.parsers.records import one
from vallum_engine.parsers.words import cves, number, plain, texts

_HEADER = re.compile(
    r'^(?:"?CVE"?,"?CVE-Description"?,.{0,200})?"?QID"?,"?Title"?,"?Severity"?,"?KB Severity"?,', re.MULTILINE
)
_KEY = ("QID", "Asset Id", "Asset Name", "Port", "Protocol")
_DETECTED = {"confirmed": Confidence.HIGH, "potential": Confidence.LOW}


def recognises(document: Document) -> bool:
    return document.head[:1] in {'"', "Q", "C", "A"} and _HEADER.search(document.head) is not None


def _rows(document: Document) -> tuple[dict[str, str], ...]:
    header = _HEADER.search(document.text)
    return tuple(Document(document.text[header.start() :].encode("utf-8", "replace")).rows) if header else ()


def records(document: Document) -> Iterator[Record]:
    rows = _rows(document)
    # By CVE, there is a row for each CVE of one QID of an asset.
    ids: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        ids.setdefault(_key(row), []).append(row.get("CVE", ""))
    for index, row in enumerate(rows):
        yield one(f"row {index + 1}", {**row, "CVE": " ".join(ids[_key(row)])}, _record)


def _key(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row.get(part, "") for part in _KEY)


def _record(at: str, row: Mapping[str, Any]) -> Record:
    rule, title = row["QID"], row["Title"]
    if not rule or not title or not number(row["Severity"]):
        return Rejected(at=at, why="it has no QID, no title or no severity")
    if row["Status"].upper() == "FIXED":
        return Passed(at=at)
    ids = cves(row["CVE"])
    hidden = "yes" in (row.get("Ignored", "").lower(), row.get("Disabled", "").lower())
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if ids else Kind.WEAKNESS,
        rule=rule,
        title=title,
        severity=qualys.severity(row["Severity"]),
        confidence=_DETECTED.get(row["Type Detected"].lower(), Confidence.MEDIUM),
        message=joined((plain(row.get("Threat")), plain(row.get("CVE-Description")))),
        locations=at_port(row["Asset Name"] or row.get("Asset IPV4"), row.get("Port"), row.get("Protocol")),
        ids=ids,
        steps=texts(plain(row.get("Solution"))),
        references=links(row.get("Solution")),
        mark=Mark.SUPPRESSED if hidden else Mark.NONE,
    )


FORMAT = Format(
    id="qualys-vmdr",
    title="Qualys VMDR (CSV)",
    docs="https://docs.qualys.com/en/vmdr/latest/vulnerabilities/download_vulnerabilities.htm",
    recognises=recognises,
    records=records,
)
