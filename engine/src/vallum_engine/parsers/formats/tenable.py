"""Tenable's reports: `.nessus` XML (Nessus, Web App Scanning) and the tables of Nessus, Security Center and Vulnerability Management."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Kind, Location, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.elements import said
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address, at_port, joined, links
from vallum_engine.parsers.records import one
from vallum_engine.parsers.words import cves, cwes, number, severity, texts, vector

_LEVELS = (Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
# The same field in each of the three tables, in the order Nessus, Security Center, Vulnerability Management.
_FIELDS = {
    "rule": ("Plugin ID", "Plugin", "definition.id"),
    "title": ("Name", "Plugin Name", "definition.name"),
    "severity": ("Risk", "Severity", "severity"),
    "host": ("Host", "IP Address", "DNS Name", "asset.display_fqdn", "asset.name", "asset.display_ipv4_address"),
    "port": ("Port", "port"),
    "protocol": ("Protocol", "protocol"),
    "synopsis": ("Synopsis", "definition.synopsis"),
    "description": ("Description", "definition.description"),
    "solution": ("Solution", "definition.solution"),
    "links": ("See Also", "definition.see_also"),
    "cve": ("CVE", "definition.cve"),
    "xref": ("XREF", "Cross References"),
    "cwe": ("definition.cwe",),
    "cvss": ("definition.cvss4.base_vector", "CVSS V3 Vector", "definition.cvss3.base_vector"),
    "state": ("state",),
    "accepted": ("risk_modified",),
}
_TABLES = ({"Plugin ID", "Risk", "Host"}, {"Plugin", "Plugin Name", "IP Address"}, {"definition.id", "definition.name"})
_KEY = ("rule", "host", "port", "protocol")
_CWE = re.compile(r"\bCWE\s*[:#-]+\s*(\d{1,5})", re.ASCII)
# What a web plugin writes about where it struck.
_WEB = re.compile(r"on URL '([^']{1,2000})'(?: by exploiting (?:'[^']*' )?element named '([^']{0,200})')?")
_METRICS = re.compile(r"AV:[NALP]/AC:[LH]/PR:[NLH]/UI:[NR]/S:[UC]/C:[NLH]/I:[NLH]/A:[NLH]")


def recognises(document: Document) -> bool:
    if document.xml is not None:
        return document.xml.tag == "NessusClientData_v2"
    columns = set(document.columns)
    return any(table <= columns for table in _TABLES)


def records(document: Document) -> Iterator[Record]:
    if document.xml is not None:
        for number_, host in enumerate(document.xml.iter("ReportHost")):
            for index, item in enumerate(host.iterfind("ReportItem")):
                yield one(f"ReportHost[{number_}].ReportItem[{index}]", _of_item(host.get("name", ""), item), _record)
        return
    rows = [_of_row(row) for row in document.rows]
    # The table of Nessus has a row for each CVE of one result.
    ids: dict[tuple[str, ...], str] = {}
    for row in rows:
        key = tuple(row[part] for part in _KEY)
        ids[key] = f"{ids.get(key, '')} {row['cve']}"
    for index, row in enumerate(rows):
        yield one(f"row {index + 1}", {**row, "cve": ids[tuple(row[part] for part in _KEY)]}, _record)


def _of_row(row: Mapping[str, str]) -> dict[str, str]:
    return {
        field: next((text for name in names if (text := row.get(name, "").strip())), "")
        for field, names in _FIELDS.items()
    }


def _of_item(host: str, item: Element) -> dict[str, str]:
    several = {tag: " ".join(e.text or "" for e in item.iterfind(tag)) for tag in ("cve", "cwe", "xref", "see_also")}
    struck = _WEB.search(said(item, "plugin_output"))
    return {
        "rule": item.get("pluginID", ""),
        "title": item.get("pluginName", ""),
        "level": item.get("severity", ""),
        "host": host,
        "port": item.get("port", ""),
        "protocol": item.get("protocol", ""),
        "synopsis": said(item, "synopsis"),
        "description": said(item, "description"),
        "solution": said(item, "solution"),
        "links": several["see_also"],
        "cve": several["cve"],
        "xref": several["xref"],
        "cwe": several["cwe"],
        "cvss": said(item, "cvss4_vector") or said(item, "cvss3_vector"),
        "url": struck[1] if struck else "",
        "input": (struck[2] or "") if struck else "",
    }


def _record(at: str, row: Mapping[str, Any]) -> Record:
    if not row["rule"] or not (row["title"] or row["description"]):
        return Rejected(at=at, why="it names no plugin, or says nothing about it")
    if str(row.get("state", "")).upper() == "FIXED":
        return Passed(at=at)
    ids = cves(row["cve"])
    level = row.get("level")
    solution = _flat(row["solution"])
    weaknesses = (*cwes(*re.findall(r"\d+", row["cwe"])), *(int(found) for found in _CWE.findall(row["xref"])))
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if ids else Kind.WEAKNESS,
        rule=row["rule"],
        title=row["title"] or row["rule"],
        severity=_LEVELS[min(number(level), len(_LEVELS) - 1)] if level else severity(row["severity"]),
        message=joined((_flat(row["synopsis"]), _flat(row["description"]))),
        locations=_locations(row),
        ids=ids,
        cwes=tuple(dict.fromkeys(weaknesses)),
        cvss=_vector(row["cvss"]),
        evidence=row.get("input", ""),
        steps=() if solution.lower() == "n/a" else texts(solution),
        references=links(row["links"]),
        anchor=(row["input"],) if row.get("input") else (),
        mark=Mark.SUPPRESSED if str(row.get("accepted", "")).upper() == "ACCEPTED" else Mark.NONE,
    )


def _locations(row: Mapping[str, Any]) -> tuple[Location, ...]:
    if row.get("url"):
        return at_address(row["url"])
    if "://" in row["host"]:
        return at_address(row["host"])
    return at_port(row["host"], row["port"], row["protocol"])


def _vector(text: str) -> str:
    """Security Center leaves the version out."""
    known = vector(text)
    if known:
        return known
    metrics = _METRICS.search(text)
    return f"CVSS:3.0/{metrics[0]}" if metrics else ""


def _flat(text: str) -> str:
    """Texts are broken at some 70 letters: a single break is a blank."""
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))


FORMAT = Format(
    id="tenable",
    title="Nessus and other products of Tenable",
    docs="https://docs.tenable.com/quick-reference/nessus-file-format/Content/PDF/NessusFileFormat.pdf",
    recognises=recognises,
    records=records,
)
