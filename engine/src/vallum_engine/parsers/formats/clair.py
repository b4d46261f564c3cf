"""Clair: clair-scanner, Klar, and `clairctl report --out json` (Clair 4)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import distribution
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, one
from vallum_engine.parsers.words import UNRATED, cves, dug, first_line, listed, severity, texts


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict):
        return False
    return (
        {"image", "unapproved", "vulnerabilities"} <= value.keys()
        or {"LayerCount", "Vulnerabilities"} <= value.keys()
        or {"manifest_hash", "packages", "vulnerabilities", "package_vulnerabilities"} <= value.keys()
    )


def records(document: Document) -> Iterator[Record]:
    value = document.json
    if "manifest_hash" in value:
        yield from _of_four(value)
    elif "LayerCount" in value:
        for word, items in value["Vulnerabilities"].items():
            yield from each(items, f"Vulnerabilities.{word}", _of_klar)
    else:
        yield from each(value["vulnerabilities"], "vulnerabilities", _of_scanner)


def _of_klar(at: str, item: Mapping[str, Any]) -> Record:
    return _of_scanner(
        at,
        {
            "vulnerability": item.get("Name"),
            "featurename": item.get("FeatureName"),
            "featureversion": item.get("FeatureVersion"),
            "namespace": item.get("NamespaceName"),
            "description": item.get("Description"),
            "link": item.get("Link"),
            "severity": item.get("Severity"),
            "fixedby": item.get("FixedBy"),
        },
    )


def _of_four(value: Mapping[str, Any]) -> Iterator[Record]:
    for package, ids in value["package_vulnerabilities"].items():
        for index, known in enumerate(listed(ids)):
            at = f"package_vulnerabilities.{package}[{index}]"
            found, about = dug(value, "packages", package), dug(value, "vulnerabilities", str(known))
            if not isinstance(found, dict) or not isinstance(about, dict):
                yield Rejected(at=at, why="the package or the vulnerability is not in the report")
                continue
            told = {
                "vulnerability": about.get("name"),
                "featurename": found.get("name"),
                "featureversion": found.get("version"),
                "namespace": dug(about, "distribution", "did") or dug(about, "distribution", "name"),
                "description": about.get("description"),
                "link": about.get("links"),
                "severity": about.get("normalized_severity") or about.get("severity"),
                "fixedby": about.get("fixed_in_version"),
            }
            yield one(at, told, _of_scanner)


def _of_scanner(at: str, item: Mapping[str, Any]) -> Record:
    known, name = first_line(item.get("vulnerability")), str(item.get("featurename") or "")
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    namespace, about = str(item.get("namespace") or ""), str(item.get("description") or "")
    # Clair 4 takes the whole advisory's line for its name: the ids stand in front.
    rule = known.split()[0]
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=rule,
        title=f"{name}: {first_line(about, 120) or known}",
        severity=severity(item.get("severity"), UNRATED, unknown=UNRATED, defcon1=Severity.CRITICAL),
        confidence=Confidence.HIGH,
        message=about or known,
        component=Component(
            ecosystem=distribution(namespace) or namespace,
            name=name,
            version=str(item.get("featureversion") or ""),
            fixed=texts(item.get("fixedby")),
        ),
        ids=(rule, *cves(known)),
        references=texts(str(item.get("link") or "").split()),
    )


FORMAT = Format(
    id="clair",
    title="Clair",
    docs="https://quay.github.io/clair/",
    recognises=recognises,
    records=records,
)
