"""GitHub's Dependabot alerts: answers of the GraphQL API (`vulnerabilityAlerts`), and the list of the REST API."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import UNRATED, cwes, dug, first_line, listed, place, severity, texts, vector

_DISMISSED = frozenset({"DISMISSED", "AUTO_DISMISSED"})


def _repositories(value: Any) -> Iterator[tuple[str, Any]]:
    """Of one repository, of those that a search found, or of an organization's."""
    data = dug(value, "data")
    if isinstance(dug(data, "repository"), dict):
        yield "data.repository", data["repository"]
    for key in ("search", "organization", "viewer"):
        nodes = dug(data, key, "nodes") or dug(data, key, "repositories", "nodes")
        yield from ((f"data.{key}.nodes[{i}]", node) for i, node in enumerate(listed(nodes)))


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, list):
        return {"security_advisory", "security_vulnerability"} <= leading(value).keys()
    return any(isinstance(dug(node, "vulnerabilityAlerts"), dict) for _, node in _repositories(value))


def records(document: Document) -> Iterator[Record]:
    if isinstance(document.json, list):
        yield from each(document.json, "", _of_rest)
        return
    for at, node in _repositories(document.json):
        yield from each(dug(node, "vulnerabilityAlerts", "nodes"), f"{at}.vulnerabilityAlerts.nodes", _alert)


def _of_rest(at: str, item: Mapping[str, Any]) -> Record:
    """The same in other words."""
    told, advisory = item["security_vulnerability"], item["security_advisory"]
    cvss = dug(advisory, "cvss_severities", "cvss_v4", "vector_string") or dug(advisory, "cvss", "vector_string")
    return _alert(
        at,
        {
            "state": str(item.get("state") or "").upper(),
            "vulnerableManifestPath": dug(item, "dependency", "manifest_path"),
            "securityVulnerability": {
                "package": told.get("package"),
                "severity": told.get("severity"),
                "vulnerableVersionRange": told.get("vulnerable_version_range"),
                "firstPatchedVersion": told.get("first_patched_version"),
                "advisory": {**advisory, "cvss": {"vectorString": cvss}},
            },
        },
    )


def _alert(at: str, item: Mapping[str, Any]) -> Record:
    told, state = item["securityVulnerability"], str(item.get("state") or "")
    if state == "FIXED":
        return Passed(at=at)
    advisory, name = told.get("advisory"), str(dug(told, "package", "name") or "")
    ids = texts([dug(identifier, "value") for identifier in listed(dug(advisory, "identifiers"))])
    title = first_line(dug(advisory, "summary")) or next(iter(ids), "")
    if not name or not title:
        return Rejected(at=at, why="it names no package or no advisory")
    kind = ecosystem(dug(told, "package", "ecosystem"))
    # `= 5.3.29` where the manifest pins it, else a range: no version.
    required = str(item.get("vulnerableRequirements") or "")
    version = required.removeprefix("=").strip() if required.startswith("=") else ""
    fixed = dug(told, "firstPatchedVersion", "identifier")
    weaknesses = listed(dug(advisory, "cwes", "nodes") or dug(advisory, "cwes"))
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=next(iter(ids), title),
        title=f"{name}: {title}",
        severity=severity(told.get("severity"), UNRATED),
        confidence=Confidence.HIGH,
        message=str(dug(advisory, "description") or title),
        locations=place(item.get("vulnerableManifestPath") or item.get("vulnerableManifestFilename")),
        component=Component(ecosystem=kind, name=name, version=versioned(kind, version), fixed=texts(fixed)),
        ids=ids,
        cwes=cwes(*(dug(w, "cweId") or dug(w, "cwe_id") for w in weaknesses if isinstance(w, dict))),
        cvss=vector(dug(advisory, "cvss", "vectorString")),
        references=texts([dug(r, "url") for r in listed(dug(advisory, "references"))]),
        mark=Mark.SUPPRESSED if state in _DISMISSED or item.get("dismissedAt") else Mark.NONE,
    )


FORMAT = Format(
    id="github-dependabot",
    title="GitHub Dependabot alerts",
    docs="https://docs.github.com/en/rest/dependabot/alerts",
    recognises=recognises,
    records=records,
)
