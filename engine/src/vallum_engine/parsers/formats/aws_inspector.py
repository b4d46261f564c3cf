"""Amazon Inspector's findings as its API lists them: packages, code of functions, open ports."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Sighting
from vallum_engine.parsers.formats._amazon import advice, affected, component, names
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import cwes, dug, first_line, listed, place, severity, texts, vector


def recognises(document: Document) -> bool:
    finding = leading(dug(document.json, "findings"))
    return {"findingArn", "awsAccountId"} <= finding.keys()


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["findings"], "findings", _finding)


def _finding(at: str, finding: Mapping[str, Any]) -> Record:
    if finding.get("status") == "CLOSED":
        return Passed(at=at)
    mark = Mark.SUPPRESSED if finding.get("status") == "SUPPRESSED" else Mark.NONE
    if isinstance(finding.get("packageVulnerabilityDetails"), dict):
        return _package(at, finding, mark)
    code, network = finding.get("codeVulnerabilityDetails") or {}, finding.get("networkReachabilityDetails") or {}
    ports = [str(dug(network, "openPortRange", end) or "") for end in ("begin", "end")]
    reached = f"{'-'.join(dict.fromkeys(ports))}/{str(network.get('protocol') or '').lower()}" if network else ""
    resources = _resources(finding)
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS if code else Kind.MISCONFIGURATION,
        rule=str(code.get("ruleId") or code.get("detectorId") or finding.get("type") or ""),
        title=first_line(finding.get("title")),
        severity=severity(finding.get("severity"), Severity.MEDIUM),
        message=str(finding.get("description") or ""),
        locations=_lines(code) or resources,
        cwes=cwes(code.get("cwes")),
        evidence=reached or ", ".join(location.path for location in resources),
        steps=advice(dug(finding, "remediation", "recommendation", "text")),
        references=texts([dug(finding, "remediation", "recommendation", "Url"), *listed(code.get("referenceUrls"))]),
        anchor=(*(location.path for location in resources[:1]), reached),
        mark=mark,
    )


def _resources(finding: Mapping[str, Any]) -> tuple[Location, ...]:
    return tuple(location for resource in listed(finding.get("resources")) for location in place(dug(resource, "id")))


def _lines(code: Mapping[str, Any]) -> tuple[Location, ...]:
    file = code.get("filePath") or {}
    return place(file.get("filePath"), file.get("startLine"), file.get("endLine"))


def _package(at: str, finding: Mapping[str, Any], mark: Mark) -> Record:
    details = finding["packageVulnerabilityDetails"]
    packages = [p for p in listed(details.get("vulnerablePackages")) if isinstance(p, dict)]
    first = packages[0] if packages else {}
    known = str(details.get("vulnerabilityId") or "")
    scored = dug(finding, "inspectorScoreDetails", "adjustedCvss", "scoringVector")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=first_line(finding.get("title") or known),
        severity=severity(finding.get("severity"), Severity.MEDIUM),
        confidence=Confidence.HIGH,
        message="\n\n".join(texts([finding.get("description"), "\n".join(affected(packages))])),
        locations=_resources(finding),
        component=component(first, _platform(finding)) if first.get("name") else None,
        ids=names(known, details.get("relatedVulnerabilities")),
        cvss=vector(*(dug(score, "scoringVector") for score in listed(details.get("cvss"))), scored),
        evidence=", ".join(texts([package.get("filePath") for package in packages])),
        steps=advice(
            *(package.get("remediation") for package in packages), dug(finding, "remediation", "recommendation", "text")
        ),
        references=texts([details.get("sourceUrl"), *listed(details.get("referenceUrls"))]),
        mark=mark,
    )


def _platform(finding: Mapping[str, Any]) -> str:
    """Of the image or the machine: `DEBIAN_11`."""
    details = dug(finding, "resources", 0, "details")
    kinds = details.values() if isinstance(details, dict) else ()
    return next((str(found) for kind in kinds if (found := dug(kind, "platform"))), "")


FORMAT = Format(
    id="aws-inspector",
    title="Amazon Inspector",
    docs="https://docs.aws.amazon.com/inspector/v2/APIReference/API_Finding.html",
    recognises=recognises,
    records=records,
)
