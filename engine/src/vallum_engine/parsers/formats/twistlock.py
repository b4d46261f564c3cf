"""Prisma Cloud Compute (Twistlock): what `twistcli` writes of an image, and the console's CSV."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import distribution, ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.words import UNRATED, first_line, listed, of_score, place, severity, texts, vector

_USED_IN = re.compile(r"\s*\(used in .*\)$")
_FIXED_IN = re.compile(r"fixed in ([^;]+)")


def recognises(document: Document) -> bool:
    if {"CVE ID", "Compliance ID", "Fix Status"} <= set(document.columns):
        return True
    value = document.json
    results = value.get("results") if isinstance(value, dict) else None
    first = results[0] if isinstance(results, list) and results else None
    return isinstance(first, dict) and {"vulnerabilityDistribution", "complianceDistribution"} <= first.keys()


def records(document: Document) -> Iterator[Record]:
    if document.columns:
        for number, row in enumerate(document.rows, 2):
            yield _row(f"line {number}", row)
        return
    for index, result in enumerate(document.json["results"]):
        at = f"results[{index}]"
        if not isinstance(result, dict):
            yield Rejected(at=at, why=NO_OBJECT)
            continue
        types = {
            (str(package.get("name")), str(package.get("version"))): str(package.get("type") or "")
            for package in listed(result.get("packages"))
            if isinstance(package, dict)
        }
        image, distro = str(result.get("name") or ""), distribution(result.get("distro"))
        yield from each(
            result.get("vulnerabilities"), f"{at}.vulnerabilities", partial(_vulnerability, image, distro, types)
        )
        yield from each(result.get("compliances"), f"{at}.compliances", partial(_compliance, image))


def _vulnerability(
    image: str, distro: str, types: Mapping[tuple[str, str], str], at: str, item: Mapping[str, Any]
) -> Record:
    known, status = str(item.get("id") or item.get("cve") or ""), str(item.get("status") or "")
    name = _USED_IN.sub("", str(item.get("packageName") or ""))
    if status.lower() == "not affected":
        return Passed(at=at)
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    version, about = str(item.get("packageVersion") or ""), str(item.get("description") or "")
    kind = str(item.get("packageType") or types.get((name, version), ""))
    kind = distro if kind in {"os", "package"} else ecosystem(kind)
    scored = of_score(item.get("cvss"), UNRATED)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {first_line(about, 120) or known}",
        severity=severity(item.get("severity"), scored, unknown=scored),
        confidence=Confidence.HIGH,
        message=about or f"{name} {version} is affected by {known}.",
        locations=place(item.get("packagePath") or image),
        component=Component(
            ecosystem=kind,
            name=name.replace("_", ":", 1) if kind == "Maven" else name,
            version=versioned(kind, version),
            fixed=_fixed(status),
        ),
        ids=(known,),
        cvss=vector(item.get("vector")),
        references=texts(item.get("link")),
    )


def _fixed(status: str) -> tuple[str, ...]:
    found = _FIXED_IN.search(status)
    return texts([version.strip() for version in found[1].split(",")]) if found else ()


def _compliance(image: str, at: str, item: Mapping[str, Any]) -> Record:
    title = first_line(item.get("title") or item.get("description"))
    cause = str(item.get("cause") or "")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(item.get("id") or title),
        title=title,
        severity=severity(item.get("severity")),
        confidence=Confidence.HIGH,
        message="\n".join(texts([item.get("description"), cause])) or title,
        locations=place(image),
        anchor=texts(cause),
    )


def _row(at: str, row: Mapping[str, str]) -> Record:
    image = "/".join(part for part in (row.get("Registry"), row.get("Repository")) if part)
    image = f"{image}:{row['Tag']}" if image and row.get("Tag") else image
    told = {
        "id": row.get("CVE ID") or row.get("Compliance ID"),
        "title": row.get("Description"),
        "description": row.get("Description"),
        "cause": row.get("Cause"),
        "severity": row.get("Severity"),
        "packageName": row.get("Source Package") or row.get("Packages"),
        "packageVersion": row.get("Package Version"),
        # The header names two columns so; the later is the package's.
        "packageType": row.get("Type"),
        "status": row.get("Fix Status"),
        "cvss": row.get("CVSS"),
    }
    if row.get("CVE ID"):
        return _vulnerability(image, distribution(row.get("Distro")), {}, at, told)
    return _compliance(image, at, told)


FORMAT = Format(
    id="twistlock",
    title="Prisma Cloud Compute (Twistlock)",
    docs="https://docs.prismacloud.io/en/compute-edition/32/admin-guide/tools/twistcli-scan-images",
    recognises=recognises,
    records=records,
)
