"""What the tests of VEX share: a finding, documents about it, and what becomes of a report."""

import json

from vallum_engine.model.finding import AdvisoryRef, Confidence, Finding, Kind, Location, PackageRef, Severity
from vallum_engine.model.report import Report
from vallum_engine.parsers import statements
from vallum_engine.sbom.vex import Book

TODAY = "2026-11-26"
LEFT = Finding(
    kind=Kind.VULNERABILITY,
    ruleset="packages/npm",
    rule="CVE-2024-0001",
    title="left: it breaks",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    message="left 1.0.0 is affected by CVE-2024-0001: it breaks",
    locations=(Location(path="package-lock.json", line=3, end_line=3),),
    identity=("package/1", "left"),
    fingerprint="package/1:left",
    package=PackageRef(purl="pkg:npm/left@1.0.0", ecosystem="npm", name="left", version="1.0.0"),
    advisories=(
        AdvisoryRef(id="GHSA-aaaa-bbbb-cccc", aliases=("CVE-2024-0001",)),
        AdvisoryRef(id="USN-1-1", aliases=("CVE-2024-0001", "CVE-2024-0002")),
    ),
)
REPORT = Report(findings=(LEFT,))


def openvex(*said, **more):
    """A document of statements, each of them what it changes of one that hides LEFT."""
    usual = {
        "vulnerability": {"name": "CVE-2024-0001"},
        "products": [{"@id": "pkg:npm/left@1.0.0"}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_present",
    }
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex/1",
        "author": "Wile E.",
        "timestamp": "2026-01-01T00:00:00Z",
        "version": 1,
        "statements": [usual | each for each in said],
    }
    return json.dumps(document | more).encode()


def book(*documents, scanned=()):
    held = Book(scanned, today=TODAY)
    for number, document in enumerate(documents):
        statements.take(document, f"{number}.json", held)
    return held


def hides(*documents, scanned=(), report=REPORT):
    return not book(*documents, scanned=scanned).applied(report).findings
