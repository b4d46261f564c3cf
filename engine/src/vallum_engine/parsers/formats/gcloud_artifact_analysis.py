"""Google Artifact Analysis: `gcloud artifacts docker images describe --show-package-vulnerability --format json`."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import distribution, ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.vectors import spelled
from vallum_engine.parsers.words import UNRATED, cves, dug, first_line, listed, of_score, place, severity, texts


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and "package_vulnerability_summary" in value and "image_summary" in value


def records(document: Document) -> Iterator[Record]:
    image = str(dug(document.json, "image_summary", "fully_qualified_digest") or "").partition("@")[0]
    by_severity = dug(document.json, "package_vulnerability_summary", "vulnerabilities")
    for word, items in by_severity.items() if isinstance(by_severity, dict) else ():
        for index, item in enumerate(listed(items)):
            at = f"vulnerabilities.{word}[{index}]"
            issues = dug(item, "vulnerability", "packageIssue")
            if not isinstance(item, dict):
                yield Rejected(at=at, why=NO_OBJECT)
            elif not issues:
                yield Rejected(at=at, why="it names no package (`packageIssue`)")
            else:
                yield from each(issues, f"{at}.packageIssue", partial(_issue, image, item))


def _issue(image: str, item: Mapping[str, Any], at: str, issue: Mapping[str, Any]) -> Record:
    told = item["vulnerability"]
    known, name = first_line(told.get("shortDescription")), str(issue.get("affectedPackage") or "")
    known = str(item.get("noteName") or "").rpartition("/")[2] or known
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    kind = str(issue.get("packageType") or "")
    is_toolchain = kind == "GO_STDLIB"
    kind = (kind in {"", "OS"} and distribution(_of_cpe(issue.get("affectedCpeUri")))) or ecosystem(kind)
    score = of_score(told.get("cvssScore"), UNRATED)
    paths = [place(dug(file, "filePath")) for file in listed(issue.get("fileLocation"))]
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {known}",
        severity=severity(issue.get("effectiveSeverity") or told.get("effectiveSeverity"), score),
        confidence=Confidence.HIGH,
        message=str(told.get("longDescription") or known),
        locations=tuple(location for found in paths for location in found) or place(image),
        component=Component(
            ecosystem=kind,
            name="stdlib" if is_toolchain else name,
            version=versioned(kind, dug(issue, "affectedVersion", "fullName")),
            fixed=texts(dug(issue, "fixedVersion", "fullName")),
        ),
        ids=(known, *cves(told.get("shortDescription"))),
        cvss=spelled(told.get("cvssv3")),
        references=texts([dug(link, "url") for link in listed(told.get("relatedUrls"))]),
    )


def _of_cpe(cpe: object) -> str:
    """The vendor: of `cpe:/o:debian:debian_linux:12` it is `debian`."""
    parts = str(cpe or "").split(":")
    return parts[2] if len(parts) > 2 else ""


FORMAT = Format(
    id="gcloud-artifact-analysis",
    title="Google Artifact Analysis",
    docs="https://cloud.google.com/sdk/gcloud/reference/artifacts/docker/images/describe",
    recognises=recognises,
    records=records,
)
