"""AWS Security Finding Format: what Security Hub gives out, of its own controls and of all that report to it."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Sighting
from vallum_engine.parsers.formats._amazon import advice, affected, component, lowered, names
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import dug, first_line, listed, place, severity, texts, vector

_KEYS = frozenset({"SchemaVersion", "GeneratorId", "ProductArn"})
# Severity.Normalized, as the format's page lays ranges down.
_RANGES = ((90, Severity.CRITICAL), (70, Severity.HIGH), (40, Severity.MEDIUM), (1, Severity.LOW))
_ENDED = frozenset({"PASSED", "NOT_AVAILABLE"})
_CONFIGURATION = "Software and Configuration Checks"


def _findings(document: Document) -> tuple[str, Any]:
    value = document.json
    if isinstance(value, dict):
        key = "Findings" if "Findings" in value else "findings"
        return key, value.get(key)
    return "", value


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, dict) and value.get("Findings") == [] and value.keys() <= {"Findings", "NextToken"}:
        return True
    items = _findings(document)[1]
    return isinstance(items, list) and leading(items).keys() >= _KEYS


def records(document: Document) -> Iterator[Record]:
    at, items = _findings(document)
    yield from each(items, at, _finding)


def _finding(at: str, finding: Mapping[str, Any]) -> Record:
    workflow = dug(finding, "Workflow", "Status")
    if (
        finding.get("RecordState") == "ARCHIVED"
        or workflow == "RESOLVED"
        or dug(finding, "Compliance", "Status") in _ENDED
    ):
        return Passed(at=at)
    mark = Mark.SUPPRESSED if workflow == "SUPPRESSED" else Mark.NONE
    vulnerability = next((v for v in listed(finding.get("Vulnerabilities")) if isinstance(v, dict)), None)
    if vulnerability and vulnerability.get("Id"):
        return _vulnerability(at, finding, vulnerability, mark)
    control = dug(finding, "Compliance", "SecurityControlId") or dug(finding, "ProductFields", "ControlId")
    types = texts(finding.get("Types"))
    title, description = str(finding.get("Title") or ""), str(finding.get("Description") or "")
    checked = control or (types and types[0].startswith(_CONFIGURATION))
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION if checked else Kind.WEAKNESS,
        rule=str(control or _rule(finding, types) or title),
        title=first_line(title),
        severity=_severity(finding),
        confidence=Confidence.HIGH if control else Confidence.MEDIUM,
        message=description or title,
        locations=_places(finding),
        steps=advice(dug(finding, "Remediation", "Recommendation", "Text")),
        references=texts([dug(finding, "Remediation", "Recommendation", "Url"), finding.get("SourceUrl")]),
        # A control judges a resource once. What others find they give an id of their own that lasts.
        anchor=() if control else (str(finding.get("Id") or ""),),
        mark=mark,
    )


def _rule(finding: Mapping[str, Any], types: tuple[str, ...]) -> str:
    """What made it; where that is one account's detector, what kind of thing it saw."""
    generator = str(finding.get("GeneratorId") or "")
    return types[0].rpartition("/")[2] if generator.startswith("arn:") and types else generator


def _severity(finding: Mapping[str, Any]) -> Severity:
    label = dug(finding, "Severity", "Label")
    if label:
        return severity(label, Severity.MEDIUM)
    score = dug(finding, "Severity", "Normalized")
    if not isinstance(score, int | float):
        return Severity.MEDIUM
    return next((grade for least, grade in _RANGES if score >= least), Severity.INFO)


def _places(finding: Mapping[str, Any]) -> tuple[Location, ...]:
    return tuple(location for resource in listed(finding.get("Resources")) for location in place(dug(resource, "Id")))


def _vulnerability(at: str, finding: Mapping[str, Any], vulnerability: Mapping[str, Any], mark: Mark) -> Record:
    packages = [p for p in listed(vulnerability.get("VulnerablePackages")) if isinstance(p, dict)]
    first = lowered(packages[0]) if packages else {}
    fields = finding.get("ProductFields") or {}
    platform = next((str(value) for key, value in fields.items() if str(key).endswith("/platform")), "")
    known = str(vulnerability["Id"])
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=first_line(finding.get("Title") or known),
        severity=_severity(finding),
        confidence=Confidence.HIGH,
        message="\n\n".join(texts([finding.get("Description"), "\n".join(affected(packages))])),
        locations=_places(finding),
        component=component(first, platform) if first.get("name") else None,
        ids=names(known, vulnerability.get("RelatedVulnerabilities")),
        cvss=vector(*(dug(score, "BaseVector") for score in listed(vulnerability.get("Cvss")))),
        evidence=", ".join(texts([dug(package, "FilePath") for package in packages])),
        steps=advice(*(dug(package, "Remediation") for package in packages)),
        references=texts(
            [dug(vulnerability, "Vendor", "Url"), *listed(vulnerability.get("ReferenceUrls")), finding.get("SourceUrl")]
        ),
        mark=mark,
    )


FORMAT = Format(
    id="asff",
    title="AWS Security Hub (ASFF)",
    docs="https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html",
    recognises=recognises,
    records=records,
)
