"""Veracode: the detailed report as XML, and findings as its REST API lists them (static, dynamic, components, manual)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, rest
from vallum_engine.parsers.words import cwes, dug, first_line, leaked, listed, number, of_score, place, plain, texts

# Veracode's 5 to 0: very high, high, medium, low, very low, informational.
_LEVELS = (Severity.INFO, Severity.LOW, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
_STEM = re.compile(r"[-_]v?\d[^/]*$|\.[A-Za-z]{1,5}$")


def recognises(document: Document) -> bool:
    if document.xml is not None:
        return document.xml.tag == "detailedreport"
    value = dug(document.json, "findings")
    if value is None:
        value = dug(document.json, "_embedded", "findings")
    first = dug(value, 0)
    return isinstance(first, dict) and {"scan_type", "finding_status", "finding_details"} <= first.keys()


def records(document: Document) -> Iterator[Record]:
    if document.xml is None:
        value = document.json
        found = value.get("findings", dug(value, "_embedded", "findings"))
        yield from each(found, "findings", _finding)
        yield from rest(dug(value, "page", "total_elements"), len(found), "page")
        return
    for index, flaw in enumerate(document.xml.iter("flaw")):
        yield _flaw(f"flaw[{index}]", flaw)
    for index, component in enumerate(document.xml.iter("component")):
        for count, item in enumerate(component.iter("vulnerability")):
            yield _of_component(f"component[{index}].vulnerability[{count}]", component, item)


def _level(value: object) -> Severity:
    return _LEVELS[min(number(value), 5)]


def _address(url: object) -> str:
    """A page without what was sent along: values differ from scan to scan."""
    parts = urlsplit(str(url or ""))
    return f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else parts.path


def _flaw(at: str, flaw: Element) -> Record:
    weakness, category = flaw.get("cweid", ""), flaw.get("categoryname", "").strip()
    if not weakness and not category:
        return Rejected(at=at, why="it names no weakness and no category")
    if flaw.get("remediation_status", "").lower() == "fixed":
        return Passed(at=at)
    file = flaw.get("sourcefile") or ""
    url = _address(flaw.get("url"))
    return Sighting(
        at=at,
        kind=Kind.SECRET if leaked([number(weakness)]) else Kind.WEAKNESS,
        rule=f"CWE-{weakness}" if weakness else category,
        title=category or f"CWE-{weakness}",
        severity=_level(flaw.get("severity")),
        message=plain(flaw.get("description")),
        locations=place(url)
        or place(f"{flaw.get('sourcefilepath') or ''}{file}" or flaw.get("module"), flaw.get("line")),
        cwes=cwes(number(weakness)),
        evidence=" ".join(texts([flaw.get("type"), flaw.get("functionprototype")])),
        # An application's flaws keep their numbers from scan to scan.
        anchor=texts([flaw.get("issueid"), flaw.get("vuln_parameter")]),
        mark=Mark.SUPPRESSED if flaw.get("mitigation_status") == "accepted" else Mark.NONE,
    )


def _of_component(at: str, component: Element, item: Element) -> Record:
    known, file = item.get("cve_id", ""), component.get("file_name", "")
    group, library = component.get("vendor", ""), component.get("library") or _stem(file)
    if not known or not library:
        return Rejected(at=at, why="it names no vulnerability or no component")
    maven = file.endswith((".jar", ".war", ".ear"))
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{library}: {first_line(item.get('cve_summary') or known)}",
        severity=_level(item.get("severity")),
        confidence=Confidence.HIGH,
        message=item.get("cve_summary", ""),
        locations=tuple(found for path in component.iter("file_path") for found in place(path.get("value"))),
        component=Component(
            ecosystem="Maven" if maven else "",
            name=f"{group}:{library}" if maven and group else library,
            version=component.get("version", ""),
        ),
        ids=(known,),
        cwes=cwes(item.get("cwe_id")),
        mark=Mark.SUPPRESSED if item.get("mitigation") == "true" else Mark.NONE,
    )


def _stem(file: str) -> str:
    return _STEM.sub("", _STEM.sub("", file)) or file


def _finding(at: str, item: Mapping[str, Any]) -> Record:
    status, details = item["finding_status"], item["finding_details"]
    accepted = status.get("resolution_status") == "APPROVED" or (
        status.get("resolution") == "MITIGATED" and status.get("resolution_status") in {None, "NONE"}
    )
    if status.get("status") == "CLOSED" and not accepted:
        return Passed(at=at)
    mark = Mark.SUPPRESSED if accepted else Mark.NONE
    return _library(at, item, details, mark) if item.get("scan_type") == "SCA" else _code(at, item, details, mark)


def _code(at: str, item: Mapping[str, Any], details: Mapping[str, Any], mark: Mark) -> Record:
    weakness = number(dug(details, "cwe", "id"))
    title = str(dug(details, "finding_category", "name") or dug(details, "cwe", "name") or "")
    host = str(details.get("hostname") or "")
    port = f":{details['port']}" if details.get("port") else ""
    page = (
        f"{host}{port}{_address(details.get('path') or details.get('url'))}" if host else _address(details.get("url"))
    )
    return Sighting(
        at=at,
        kind=Kind.SECRET if leaked([weakness]) else Kind.WEAKNESS,
        rule=f"CWE-{weakness}" if weakness else title,
        title=title,
        severity=_level(details.get("severity")),
        message=plain(item.get("description")),
        locations=place(page)
        or place(details.get("file_path") or details.get("file_name"), details.get("file_line_number")),
        cwes=cwes(weakness),
        evidence=" ".join(texts([details.get("procedure"), details.get("attack_vector")])),
        anchor=texts([item.get("issue_id"), details.get("vulnerable_parameter")]),
        mark=mark,
    )


def _library(at: str, item: Mapping[str, Any], details: Mapping[str, Any], mark: Mark) -> Record:
    cve, file = details.get("cve"), str(details.get("component_filename") or "")
    known = str(dug(cve, "name") or "")
    if not known:
        return Rejected(at=at, why="it names no vulnerability: a licence, or a vulnerability of Veracode's own")
    version = str(details.get("version") or "")
    name = file.partition(f"-{version}.")[0] if version and f"-{version}." in file else _stem(file)
    vector = str(dug(cve, "cvss3", "vector") or "")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {first_line(item.get('description') or known)}",
        severity=of_score(dug(cve, "cvss3", "score"), _level(details.get("severity"))),
        confidence=Confidence.HIGH,
        message=str(item.get("description") or ""),
        locations=tuple(found for path in listed(details.get("component_path")) for found in place(dug(path, "path"))),
        component=Component(ecosystem=ecosystem(details.get("language")), name=name, version=version),
        ids=(known,),
        cwes=cwes(number(dug(details, "cwe", "id"))),
        cvss=f"CVSS:3.1/{vector}" if vector.startswith("AV:") else vector,
        references=texts(dug(cve, "href")),
        mark=mark,
    )


def tool(document: Document) -> str:
    return document.xml.get("report_format_version", "") if document.xml is not None else ""


FORMAT = Format(
    id="veracode",
    title="Veracode",
    docs="https://docs.veracode.com/r/c_detailed_report",
    recognises=recognises,
    records=records,
    tool=tool,
)
