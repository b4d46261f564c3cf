"""SARIF 2.1.0, for code hosts and editors. Results come first, the rules that they name by id at the end of the run."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from vallum_engine import VERSION
from vallum_engine.model.finding import Location
from vallum_web.findings.files.row import About, Record, Row, confidence, iso, json, opened, severity
from vallum_web.findings.models import Decision, Finding

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
_SEVERITY = Finding.Severity
_LEVEL: Mapping[int, str] = {
    _SEVERITY.CRITICAL: "error",
    _SEVERITY.HIGH: "error",
    _SEVERITY.MEDIUM: "warning",
    _SEVERITY.LOW: "note",
    _SEVERITY.INFO: "note",
}
# The middle of each band of CVSS: code hosts sort by this number.
_SCORE: Mapping[int, str] = {
    _SEVERITY.CRITICAL: "9.5",
    _SEVERITY.HIGH: "8.0",
    _SEVERITY.MEDIUM: "5.5",
    _SEVERITY.LOW: "2.0",
    _SEVERITY.INFO: "0.0",
}
_PRECISION: Mapping[int, str] = {
    Finding.Confidence.HIGH: "very-high",
    Finding.Confidence.MEDIUM: "medium",
    Finding.Confidence.LOW: "low",
}
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)

Json = dict[str, Any]


class Sarif:
    content_type = "application/sarif+json"
    suffix = "sarif"
    between = b",\n"

    def head(self, about: About) -> bytes:
        run: Json = {
            "originalUriBaseIds": {ROOT: {"description": {"text": "The root of each asset."}}},
            "columnKind": "unicodeCodePoints",
            "automationDetails": {"id": f"vallum/{about.id}"},
            "properties": {"organization": about.org, "filters": about.words, "exportedAt": iso(about.at)},
        }
        return opened({"$schema": SCHEMA, "version": "2.1.0"}) + b'"runs":[' + opened(run) + b'"results":[\n'

    def line(self, row: Row) -> bytes:
        return json(_result(row))

    def tail(self, about: About, record: Record) -> Iterator[bytes]:
        driver = {"name": "Vallum", "version": VERSION, "semanticVersion": VERSION}
        yield b'\n],"tool":{"driver":' + opened(driver) + b'"rules":[\n'
        between = b""
        for finding in record.rules():
            yield between + json(_rule(finding))
            between = b",\n"
        yield b'\n]}},"invocations":[' + json(_invocation(about)) + b"]}]}\n"


def _invocation(about: About) -> Json:
    said: Json = {"executionSuccessful": True, "endTimeUtc": about.at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if about.note:
        said["toolExecutionNotifications"] = [{"level": "note", "message": {"text": about.note}}]
    return said


def _rule(finding: Finding) -> Json:
    data = finding.data
    links = [
        str(link) for link in (*data.get("references", ()), *(a.get("url") for a in data.get("advisories", ()))) if link
    ]
    steps = (data.get("remediation") or {}).get("steps", ())
    rule: Json = {
        "id": finding.rule,
        "shortDescription": {"text": finding.title or finding.rule},
        "fullDescription": {"text": finding.message or finding.title or finding.rule},
        "help": {"text": "\n".join((finding.title, *steps, *links)) or finding.rule},
        "defaultConfiguration": {"level": _LEVEL[finding.severity]},
        "properties": {
            "tags": ["security", finding.kind],
            "security-severity": _SCORE[finding.severity],
            "precision": _PRECISION[finding.confidence],
        },
    }
    if links and links[0].startswith("https://"):
        rule["helpUri"] = quote(links[0], safe="%/:=&?~#+!$,;'@()*[]")
    return rule


def _result(row: Row) -> Json:
    finding = row.finding
    places = row.places or [Location(path=finding.path, line=finding.line, end_line=finding.line)]
    result: Json = {
        "ruleId": finding.rule,
        "level": _LEVEL[finding.severity],
        "message": {"text": finding.message or finding.title or finding.rule},
        "locations": [_location(place) for place in places],
        "fingerprints": {"vallum/v1": finding.fingerprint},
        "partialFingerprints": {"vallum/v1": finding.fingerprint},
        "hostedViewerUri": row.url,
        "properties": _properties(row),
    }
    if finding.status == Finding.Status.RESOLVED:
        # §3.27.24: it was there, and is there no more.
        result["baselineState"] = "absent"
    if finding.status == Finding.Status.SUPPRESSED:
        result["suppressions"] = [_suppression(row.decision)]
    return result


def _properties(row: Row) -> Json:
    finding = row.finding
    found: Json = {
        # No `guid` of the result: SARIF's schema knows no UUID of version 7.
        "id": str(finding.pk),
        "severity": severity(finding),
        "confidence": confidence(finding),
        "security-severity": _SCORE[finding.severity],
        "risk": finding.risk,
        "status": finding.status,
        "asset": row.asset,
    }
    package, remediation = finding.data.get("package") or {}, finding.data.get("remediation") or {}
    extras = {
        "purl": package.get("purl"),
        "upgradeTo": remediation.get("upgrade_to"),
        "revoke": remediation.get("revoke"),
        "verification": finding.data.get("verification"),
        "morePlaces": row.more_places,
    }
    return found | {name: value for name, value in extras.items() if value}


def _suppression(decision: Decision | None) -> Json:
    if decision is None:  # it ended today, and the hour that reopens the finding is not yet over
        return {"kind": "external", "status": "accepted"}
    words = decision.get_reason_display()
    said = f"{words}: {decision.note}" if decision.note else words
    properties: Json = {"reason": decision.reason, "madeAt": iso(decision.made_at)}
    if decision.justification:
        properties["justification"] = decision.justification
    if decision.until:
        properties["until"] = decision.until.isoformat()
    return {"kind": "external", "status": "accepted", "justification": said, "properties": properties}


def _location(place: Location) -> Json:
    first = max(place.line, 1)
    if _ADDRESS.match(place.path):
        artifact: Json = {"uri": quote(place.path, safe="%/:=&?~#+!$,;'@()*[]")}
    else:
        # `quote` also encodes what no URI may hold bare, a `:` in the first segment included, which would read as a scheme.
        artifact = {"uri": quote(place.path), "uriBaseId": ROOT}
    region = {"startLine": first, "endLine": max(place.end_line, first)}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
