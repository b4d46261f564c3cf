"""Trivy's JSON: images, file systems, repositories and clusters; schema 2, and the bare list of before."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT
from vallum_engine.parsers.words import cwes, dug, first_line, listed, place, severity, texts

_CVSS_SOURCES = ("nvd", "ghsa", "redhat", "bitnami")


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, list):  # before schema 2
        return bool(value) and isinstance(value[0], dict) and {"Target", "Vulnerabilities"} <= value[0].keys()
    if not isinstance(value, dict):
        return False
    if "Results" in value or "SchemaVersion" in value:
        return "ArtifactName" in value or "SchemaVersion" in value
    return "ClusterName" in value and any(key in value for key in ("Resources", "Vulnerabilities", "Misconfigurations"))


def _results(value: Any) -> Iterator[tuple[str, str, Any]]:
    """Where each result stands in the report, what it is about, and the result."""
    if isinstance(value, list):
        yield from ((f"[{i}]", "", result) for i, result in enumerate(value))
        return
    yield from ((f"Results[{i}]", "", result) for i, result in enumerate(listed(value.get("Results"))))
    for key in ("Resources", "Vulnerabilities", "Misconfigurations"):
        for index, resource in enumerate(listed(value.get(key))):
            names = [str(resource[part]) for part in ("Namespace", "Kind", "Name") if resource.get(part)]
            for number, result in enumerate(listed(resource.get("Results"))):
                yield f"{key}[{index}].Results[{number}]", "/".join(names), result


def records(document: Document) -> Iterator[Record]:
    for at, about, result in _results(document.json):
        if not isinstance(result, dict):
            yield Rejected(at=at, why=NO_OBJECT)
            continue
        for key, make in _MAKERS.items():
            for index, item in enumerate(listed(result.get(key))):
                where = f"{at}.{key}[{index}]"
                yield (
                    make(where, about, result, item) if isinstance(item, dict) else Rejected(at=where, why=NO_OBJECT)
                )


def _path(about: str, result: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    path = str(item.get("PkgPath") or result.get("Target") or "")
    return f"{about}/{path}" if about and about not in path else path


def _vulnerability(at: str, about: str, result: Mapping[str, Any], item: Mapping[str, Any]) -> Record:
    name, version = str(item.get("PkgName", "")), str(item.get("InstalledVersion", ""))
    kind = ecosystem(result.get("Type"))
    known = str(item.get("VulnerabilityID") or "")
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    title = first_line(item.get("Title") or item.get("Description") or known)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {title}",
        severity=severity(item.get("Severity")),
        confidence=Confidence.HIGH,
        message=str(item.get("Description") or title),
        locations=place(_path(about, result, item)),
        component=Component(
            ecosystem=kind,
            name=name,
            version=versioned(kind, version),
            purl=str(dug(item, "PkgIdentifier", "PURL") or ""),
            fixed=texts(str(item.get("FixedVersion") or "").split(", ")),
        ),
        ids=(known, *texts(item.get("VendorIDs"))),
        cwes=cwes(item.get("CweIDs")),
        cvss=_cvss(item),
        references=texts([item.get("PrimaryURL"), *listed(item.get("References"))]),
    )


def _cvss(item: Mapping[str, Any]) -> str:
    given = item.get("CVSS")
    scores = given if isinstance(given, dict) else {}
    ordered = [scores.get(source) for source in (item.get("SeveritySource"), *_CVSS_SOURCES)]
    vectors = (dug(score, key) for key in ("V40Vector", "V3Vector") for score in ordered)
    return next((str(vector) for vector in vectors if vector), "")


def _misconfiguration(at: str, about: str, result: Mapping[str, Any], item: Mapping[str, Any]) -> Record:
    if item.get("Status") in {"PASS", "EXCEPTION"}:
        return Passed(at=at)
    cause = item.get("CauseMetadata") or {}
    resource = str(cause.get("Resource") or "")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(item.get("ID") or item.get("AVDID") or ""),
        title=first_line(item.get("Title") or item.get("Message")),
        severity=severity(item.get("Severity")),
        confidence=Confidence.HIGH,
        message=str(item.get("Message") or item.get("Description") or ""),
        locations=place(_path(about, result, item), cause.get("StartLine", 1), cause.get("EndLine")),
        evidence=resource,
        steps=texts(item.get("Resolution")),
        references=texts([item.get("PrimaryURL"), *listed(item.get("References"))]),
        anchor=(resource, str(item.get("Message") or "")),
    )


def _secret(at: str, about: str, result: Mapping[str, Any], item: Mapping[str, Any]) -> Record:
    # `Match` is the line with its secret starred out: it tells two secrets of a file apart, no more.
    match = str(item.get("Match") or "")
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=str(item.get("RuleID") or ""),
        title=first_line(item.get("Title") or item.get("RuleID")),
        severity=severity(item.get("Severity")),
        message=f"{item.get('Title') or 'A secret'} in plain text: whoever can read this file can use it.",
        locations=place(_path(about, result, item), item.get("StartLine", 1), item.get("EndLine")),
        evidence=first_line(match),
        anchor=(match,),
    )


def _licence(at: str, about: str, result: Mapping[str, Any], item: Mapping[str, Any]) -> Record:
    name, package = str(item.get("Name") or ""), str(item.get("PkgName") or "")
    return Sighting(
        at=at,
        kind=Kind.LICENCE,
        rule=name,
        title=f"{package or 'File'} under {name}" if name else "",
        severity=severity(item.get("Severity")),
        message=f"{package or 'A file'} is under {name} ({item.get('Category') or 'no category'}).",
        locations=place(item.get("FilePath") or _path(about, result, item)),
        component=Component(ecosystem="", name=package) if package else None,
        references=texts(item.get("Link")),
    )


_MAKERS = {
    "Vulnerabilities": _vulnerability,
    "Misconfigurations": _misconfiguration,
    "Secrets": _secret,
    "Licenses": _licence,
}


def tool(document: Document) -> str:
    return str(dug(document.json, "Trivy", "Version") or "")


FORMAT = Format(
    id="trivy",
    title="Trivy",
    docs="https://trivy.dev/latest/docs/configuration/reporting/#json",
    recognises=recognises,
    records=records,
    tool=tool,
)
