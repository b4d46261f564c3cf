"""Sysdig's vulnerability reports: CSV with the columns of before and after 2025, and JSON."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import distribution, ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import UNRATED, of_score, place, severity, texts, vector

# Our word, and theirs: the CSV of before, the CSV of now, the JSON.
_NAMES = {
    "id": ("Vulnerability ID", "Vulnerability Name", "vulnName"),
    "severity": ("Severity", "Vulnerability Severity", "vulnSeverity"),
    "name": ("Package name", "Package Name", "packageName"),
    "version": ("Package version", "Package Version", "packageVersion"),
    "type": ("Package type", "Package Type", "packageType"),
    "path": ("Package path", "Package Path", "packagePath"),
    "image": ("Image", "Image Name", "imagePullString"),
    "os": ("OS Name", "osName"),
    "score": ("CVSS score", "CVSS Score", "vulnCvssScore"),
    "vector": ("CVSS vector", "CVSS Vector", "vulnCvssVector"),
    "link": ("Vuln link", "vulnLink"),
    "fix": ("Fix version", "Fix Version", "vulnFixVersion"),
    "accepted": ("Risk accepted", "Risk Accepted", "vulnRiskAccepted", "riskAccepted"),
}
_WORKLOAD = (
    ("Kubernetes Namespace Name", "K8S namespace name", "k8sNamespaceName"),
    ("Kubernetes Workload Type", "K8S workload type", "k8sWorkloadType"),
    ("Kubernetes Workload Name", "K8S workload name", "k8sWorkloadName"),
    ("Kubernetes Container Name", "K8S container name", "k8sPodContainerName"),
)
_ID = re.compile(r"[A-Z][A-Za-z]*-\S+")


def recognises(document: Document) -> bool:
    columns = set(document.columns)
    if {"Vulnerability ID", "Package suggested fix"} <= columns or {
        "Vulnerability Name",
        "Kubernetes Cluster Name",
    } <= columns:
        return True
    value = document.json
    items = value.get("data") if isinstance(value, dict) else None
    return (
        isinstance(items, list)
        and bool(items)
        and isinstance(items[0], dict)
        and {"vulnName", "packageName"} <= items[0].keys()
    )


def records(document: Document) -> Iterator[Record]:
    if document.columns:
        for number, row in enumerate(document.rows, 2):
            yield _row(f"line {number}", row)
    else:
        yield from each(document.json["data"], "data", _row)


def _first(item: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(item[name]).strip() for name in names if item.get(name) not in (None, "")), "")


def _row(at: str, item: Mapping[str, Any]) -> Record:
    told = {ours: _first(item, theirs) for ours, theirs in _NAMES.items()}
    if not _ID.fullmatch(told["id"]) or not told["name"]:
        return Rejected(at=at, why=f"“{told['id'][:60]}” is no id of a vulnerability, or no package is named")
    kind = ecosystem(told["type"])
    if kind.lower() == "os":
        kind = distribution(told["os"]) or kind
    workload = "/".join(part for names in _WORKLOAD if (part := _first(item, names))) or told["image"]
    scored = of_score(told["score"], UNRATED)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=told["id"],
        title=f"{told['name']}: {told['id']}",
        severity=severity(told["severity"], scored, unknown=scored),
        confidence=Confidence.HIGH,
        message=f"{told['name']} {told['version']} in {told['image'] or 'the image'} is affected by {told['id']}.",
        locations=place("/".join(part for part in (workload, told["path"].lstrip("/")) if part)),
        component=Component(
            ecosystem=kind, name=told["name"], version=versioned(kind, told["version"]), fixed=texts(told["fix"])
        ),
        ids=(told["id"],),
        cvss=vector(told["vector"]),
        references=texts(told["link"]),
        mark=Mark.SUPPRESSED if told["accepted"].lower() == "true" else Mark.NONE,
    )


FORMAT = Format(
    id="sysdig",
    title="Sysdig",
    docs="https://docs.sysdig.com/en/sysdig-secure/vulnerability-reporting/",
    recognises=recognises,
    records=records,
)
