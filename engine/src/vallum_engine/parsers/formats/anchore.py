"""Anchore's vulnerabilities of an image: anchore-cli (`vulnerabilities`), anchorectl (a list), and Enterprise's report."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import distribution, ecosystem
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import UNRATED, cves, dug, of_score, place, severity, texts

# `name-version`: the version begins with the first part that begins with a digit.
_NAME_AND_VERSION = re.compile(r"(.+?)-(\d.*)")
_NOTHING = frozenset({"none", "n/a", "pkgdb"})


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, dict):
        if "securityEvaluation" in value:
            return isinstance(value["securityEvaluation"], list)
        return {"imageDigest", "vulnerabilities", "vulnerability_type"} <= value.keys()
    return {"vuln", "packageName", "feedGroup"} <= leading(value).keys()


def records(document: Document) -> Iterator[Record]:
    value = document.json
    if isinstance(value, list):
        yield from each(value, "", _vulnerability)
    elif "securityEvaluation" in value:
        yield from each(value["securityEvaluation"], "securityEvaluation", _evaluation)
    else:
        yield from each(value["vulnerabilities"], "vulnerabilities", _vulnerability)


def _said(value: object) -> str:
    text = str(value or "").strip()
    return "" if text.lower() in _NOTHING else text


def _vulnerability(at: str, item: Mapping[str, Any]) -> Record:
    """anchore-cli writes `package_name`, anchorectl `packageName`."""
    told = {key.replace("_", "").lower(): value for key, value in item.items()}
    known, name = _said(told.get("vuln")), _said(told.get("packagename"))
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    kind = ecosystem(told.get("packagetype"))
    if kind in {"Alpine", "Debian", "rpm"}:
        kind = distribution(told.get("feedgroup")) or kind
    version = _said(told.get("packageversion"))
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {known}",
        severity=severity(told.get("severity"), UNRATED, unknown=UNRATED),
        confidence=Confidence.HIGH,
        message=f"{name} {version} is affected by {known}.",
        locations=place(_said(told.get("packagepath"))),
        component=Component(
            ecosystem=kind, name=name, version=version, fixed=texts(_said(told.get("fix")).replace(" ", "").split(","))
        ),
        ids=(known, *cves(*(dug(data, "id") for data in told.get("nvddata") or ()))),
        references=texts(told.get("url")),
    )


def _evaluation(at: str, item: Mapping[str, Any]) -> Record:
    known, package = _said(item.get("vulnerabilityId")), _said(item.get("package"))
    if not known or not package:
        return Rejected(at=at, why="it names no vulnerability or no package")
    found = _NAME_AND_VERSION.fullmatch(package)
    name, version = (found[1], found[2]) if found else (package, "")
    score = of_score(item.get("nvdCvssBaseScore"), UNRATED)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {known}",
        severity=severity(item.get("severity"), score, unknown=score),
        confidence=Confidence.HIGH,
        message=f"{name} {version} is affected by {known}.",
        locations=place(_said(item.get("path"))),
        component=Component(
            ecosystem=ecosystem(item.get("packageType")),
            name=name,
            version=version,
            fixed=texts(_said(item.get("fixAvailable")).replace(" ", "").split(",")),
        ),
        ids=(known, *cves(item.get("cves"))),
        references=texts(item.get("link")),
    )


FORMAT = Format(
    id="anchore",
    title="Anchore vulnerabilities",
    docs="https://docs.anchore.com/current/docs/vulnerability_management/",
    recognises=recognises,
    records=records,
)
