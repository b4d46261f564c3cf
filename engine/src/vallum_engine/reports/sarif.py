"""SARIF 2.1.0, for code hosts and editors."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from vallum_engine import VERSION
from vallum_engine.model import plain, verification
from vallum_engine.model.finding import (
    BY_VEX,
    IGNORED,
    IN_BASELINE,
    Confidence,
    Finding,
    Location,
    PackageRef,
    Remediation,
    Severity,
)
from vallum_engine.model.known import from_known
from vallum_engine.model.report import Exclusion, Problem, Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"

_LEVEL: Mapping[Severity, str] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# The middle of each band of CVSS: code hosts sort by this number.
_SCORE: Mapping[Severity, str] = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}
_PRECISION: Mapping[Confidence, str] = {
    Confidence.HIGH: "very-high",
    Confidence.MEDIUM: "medium",
    Confidence.LOW: "low",
}

Json = dict[str, Any]


def render(report: Report) -> bytes:
    """One run. What was not covered is a notification of the invocation, which then was not successful."""
    every = (*report.findings, *report.suppressed)
    worst = _worst(every)
    order = {rule: number for number, rule in enumerate(sorted(worst))}
    run: Json = {
        "tool": {
            "driver": {
                "name": "Vallum",
                "version": VERSION,
                "semanticVersion": VERSION,
                "rules": [_rule(worst[rule]) for rule in order],
            }
        },
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of what was scanned."}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            *(_result(finding, order[finding.rule]) for finding in report.findings),
            *(
                {**_result(finding, order[finding.rule]), "suppressions": [_suppression(finding)]}
                for finding in report.suppressed
            ),
        ],
        "properties": {"files": report.stats.files, "bytes": report.stats.bytes, "packages": report.stats.packages},
    }
    if report.advisories:
        run["properties"]["advisories"] = from_known(report.advisories)
    if {"url", "commit"} <= report.target.keys():
        run["versionControlProvenance"] = [_provenance(report.target)]
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _suppression(finding: Finding) -> Json:
    kind = "external" if finding.reason.startswith((IN_BASELINE, IGNORED, BY_VEX)) else "inSource"
    return {"kind": kind, **({"justification": finding.reason} if finding.reason else {})}


def _worst(findings: Iterable[Finding]) -> dict[str, Finding]:
    """For each rule the finding that describes it: its most severe one."""
    worst: dict[str, Finding] = {}
    for finding in findings:
        known = worst.get(finding.rule)
        if known is None or finding.severity.rank > known.severity.rank:
            worst[finding.rule] = finding
    return worst


def _rule(finding: Finding) -> Json:
    links = [*finding.references, *(advisory.url for advisory in finding.advisories if advisory.url)]
    remedy = finding.remediation or Remediation(steps=())
    text = "\n".join((finding.title, *remedy.steps, *([remedy.revoke] if remedy.revoke else ()), *links))
    rule: Json = {
        "id": finding.rule,
        "shortDescription": {"text": finding.title},
        "fullDescription": {"text": finding.message},
        "help": {"text": text},
        "defaultConfiguration": {"level": _LEVEL[finding.severity]},
        "properties": {
            "tags": ["security", finding.kind.value],
            "security-severity": _SCORE[finding.severity],
            "precision": _PRECISION[finding.confidence],
        },
    }
    if links and links[0].startswith("https://"):
        rule["helpUri"] = quote(links[0], safe="%/:=&?~#+!$,;'@()*[]")
    return rule


def _result(finding: Finding, index: int) -> Json:
    properties: Json = {
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "security-severity": _SCORE[finding.severity],
    }
    if finding.package:
        properties |= _package(finding.package)
    if finding.lapsed:
        properties["lapsed"] = finding.lapsed
    if finding.reachability:
        properties["reachability"] = plain.from_reachability(finding.reachability)
    if finding.exploitation:
        properties["exploitation"] = plain.from_exploitation(finding.exploitation)
    if finding.verification:
        properties["verification"] = verification.plain(finding.verification)
    if finding.history:
        properties["history"] = plain.from_history(finding.history)
    if finding.remediation and finding.remediation.upgrade_to:
        properties["upgradeTo"] = finding.remediation.upgrade_to
    if finding.remediation and finding.remediation.revoke:
        properties["revoke"] = finding.remediation.revoke
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVEL[finding.severity],
        "message": {"text": finding.message or finding.title},
        "locations": [_location(location) for location in finding.locations],
        "fingerprints": {"vallum/v1": finding.fingerprint},
        "partialFingerprints": {"vallum/v1": finding.fingerprint},
        "properties": properties,
    }


def _package(package: PackageRef) -> Json:
    """Its URL, and how it came in where that is known; `pathCut` steps are left out after the tenth."""
    said = {
        "direct": package.direct,
        "dev": package.dev,
        "path": list(package.path) or None,
        "pathCut": package.cut or None,
    }
    return {"purl": package.purl, **{name: value for name, value in said.items() if value is not None}}


def _location(location: Location) -> Json:
    first = max(location.line, 1)
    place = _place(location.path)
    place["physicalLocation"]["region"] = {"startLine": first, "endLine": max(location.end_line, first)}
    if location.layer:
        place["properties"] = {"layer": location.layer, "lower": location.lower}
    return place


def _place(path: str) -> Json:
    # `quote` also encodes what no URI may hold bare, a `:` in the first segment included, which would read as a scheme.
    uri = quote(path.encode("utf-8", "surrogatepass"))
    return {"physicalLocation": {"artifactLocation": {"uri": uri, "uriBaseId": ROOT}}}


def _invocation(report: Report) -> Json:
    return {
        "executionSuccessful": not report.incomplete,
        "toolExecutionNotifications": [
            *(_error(problem) for problem in report.errors),
            *(_gap(gap) for gap in report.coverage.gaps),
        ],
    }


def _error(problem: Problem) -> Json:
    text = f"{problem.what} {problem.todo}".strip()
    return _notification("error", "error", text, problem.path)


def _gap(gap: Exclusion) -> Json:
    return _notification("warning", "not-covered", f"Not covered by {gap.ruleset or 'any rule'}: {gap.why}", gap.path)


def _notification(level: str, kind: str, text: str, path: str) -> Json:
    notification: Json = {"level": level, "descriptor": {"id": kind}, "message": {"text": text}}
    if path:
        notification["locations"] = [_place(path)]
    return notification


def _provenance(target: Mapping[str, str]) -> Json:
    found: Json = {"repositoryUri": target["url"], "revisionId": target["commit"]}
    if target.get("branch"):
        found["branch"] = target["branch"]
    return found
