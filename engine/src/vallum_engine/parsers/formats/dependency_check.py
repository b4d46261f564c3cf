"""OWASP Dependency-Check: XML and JSON. The XML is brought into the shape of the JSON first."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Confidence, Kind, Location
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import of_purl
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.vectors import spelled
from vallum_engine.parsers.words import (
    UNRATED,
    confidence,
    cves,
    cwes,
    dug,
    first_line,
    listed,
    of_score,
    place,
    severity,
    texts,
)


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, dict):
        return {"reportSchema", "scanInfo", "dependencies"} <= value.keys()
    root = document.xml
    return root is not None and root.tag == "analysis" and root.find("projectInfo") is not None


def records(document: Document) -> Iterator[Record]:
    if document.xml is not None:
        dependencies: Any = [_dependency(element) for element in document.xml.iterfind("dependencies/dependency")]
    else:
        dependencies = document.json["dependencies"]
    for index, item in enumerate(dependencies):
        at = f"dependencies[{index}]"
        if not isinstance(item, dict):
            yield Rejected(at=at, why=NO_OBJECT)
        elif not item.get("vulnerabilities") and not item.get("suppressedVulnerabilities"):
            yield Passed(at=at)
        else:
            for key, mark in (("vulnerabilities", Mark.NONE), ("suppressedVulnerabilities", Mark.SUPPRESSED)):
                yield from each(item.get(key), f"{at}.{key}", partial(_vulnerability, item, mark))


def _vulnerability(item: Mapping[str, Any], mark: Mark, at: str, told: Mapping[str, Any]) -> Record:
    known = str(told.get("name") or "")
    if not known:
        return Rejected(at=at, why="it names no vulnerability (`name`)")
    component, sure = _component(item)
    about = str(told.get("description") or "")
    three = told.get("cvssv3")
    scored = of_score(dug(three, "baseScore") or dug(told, "cvssv2", "score"), UNRATED)
    # What has no CVE comes from an audit service under that service's own title.
    rule = next(iter(cves(known)), "") or first_line(known, 100)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=rule,
        title=f"{component.name}: {first_line(about, 120) or known}",
        severity=severity(told.get("severity"), scored, unknown=scored),
        confidence=sure,
        message=about or known,
        locations=_places(item),
        component=component,
        ids=(rule,),
        cwes=cwes(*listed(told.get("cwes"))),
        cvss=spelled(three, str(dug(three, "version") or "3.1")),
        evidence=str(told.get("notes") or ""),
        references=texts([dug(reference, "url") for reference in listed(told.get("references"))]),
        mark=mark,
    )


def _component(item: Mapping[str, Any]) -> tuple[Component, Confidence]:
    """The package it was taken for, and how sure that is; else the file by its name."""
    for package in listed(item.get("packages")):
        if found := of_purl(dug(package, "id")):
            return found, confidence("high" if dug(package, "confidence") == "HIGHEST" else dug(package, "confidence"))
    return Component(ecosystem="", name=str(item.get("fileName") or "")), Confidence.LOW


def _places(item: Mapping[str, Any]) -> tuple[Location, ...]:
    paths = [item.get("filePath"), *(dug(other, "filePath") for other in listed(item.get("relatedDependencies")))]
    return tuple(dict.fromkeys(location for path in paths for location in place(path)))


def _dependency(element: Element) -> dict[str, Any]:
    identifiers = [*element.iterfind("identifiers/package"), *element.iterfind("identifiers/identifier")]
    return {
        "fileName": element.findtext("fileName"),
        "filePath": element.findtext("filePath"),
        "relatedDependencies": [
            {"filePath": other.findtext("filePath")}
            for other in element.iterfind("relatedDependencies/relatedDependency")
        ],
        "packages": [
            {"id": identifier.findtext("id") or _purl(identifier), "confidence": identifier.get("confidence")}
            for identifier in identifiers
        ],
        "vulnerabilities": [_told(v) for v in element.iterfind("vulnerabilities/vulnerability")],
        "suppressedVulnerabilities": [_told(v) for v in element.iterfind("vulnerabilities/suppressedVulnerability")],
    }


def _purl(identifier: Element) -> str:
    """Before version 5: `type="maven"` and `group:artifact:version`."""
    parts = (identifier.findtext("name") or "").split(":")
    return (
        f"pkg:maven/{parts[0]}/{parts[1]}@{parts[2]}" if identifier.get("type") == "maven" and len(parts) == 3 else ""
    )


def _told(element: Element) -> dict[str, Any]:
    three, two = element.find("cvssV3"), element.find("cvssV2")
    return {
        "name": element.findtext("name"),
        "severity": element.findtext("severity"),
        "cvssv3": {child.tag: child.text for child in three} if three is not None else {},
        "cvssv2": {"score": element.findtext("cvssScore") if two is None else two.findtext("score")},
        "cwes": [cwe.text for cwe in (*element.iterfind("cwes/cwe"), *element.iterfind("cwe"))],
        "description": element.findtext("description"),
        "notes": element.findtext("notes"),
        "references": [{"url": url.text} for url in element.iterfind("references/reference/url")],
    }


def tool(document: Document) -> str:
    if document.xml is not None:
        return str(document.xml.findtext("scanInfo/engineVersion") or "")
    return str(dug(document.json, "scanInfo", "engineVersion") or "")


FORMAT = Format(
    id="dependency-check",
    title="OWASP Dependency-Check",
    docs="https://jeremylong.github.io/DependencyCheck/general/internals.html",
    recognises=recognises,
    records=records,
    tool=tool,
)
