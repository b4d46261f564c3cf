"""Mend (WhiteSource): security findings of API 3 (`response`), and `vulnerabilities` of the older API."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.vectors import spelled
from vallum_engine.parsers.words import UNRATED, dug, first_line, listed, of_score, place, severity, texts, vector

_HIDDEN = frozenset({"IGNORED", "SUPPRESSED"})
_ENDED = frozenset({"LIBRARY_REMOVED", "FIXED", "REMEDIATED", "LIBRARY_WHITELISTED", "LIBRARY_IN_HOUSE"})
_VERSION = re.compile(r"[:@-]v?(\d+(?:\.\d+)+[\w.+-]*)$")


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict):
        return False
    if "supportToken" in value:
        return isinstance(value.get("response"), list)
    first = dug(value, "vulnerabilities", 0)
    return isinstance(first, dict) and {"library", "product", "project", "topFix"} <= first.keys()


def records(document: Document) -> Iterator[Record]:
    value = document.json
    if "response" in value:
        yield from each(value["response"], "response", _finding)
    else:
        yield from each(value["vulnerabilities"], "vulnerabilities", _of_before)


def _finding(at: str, item: Mapping[str, Any]) -> Record:
    status = str(dug(item, "findingInfo", "status") or "")
    if status in _ENDED:
        return Passed(at=at)
    told, library = item["vulnerability"], item["component"]
    vectors = (item.get("scoreMetadataVector"), *(dug(s, "vector") for s in listed(told.get("vulnerabilityScoring"))))
    return _sighting(
        at,
        {
            "name": item.get("name") or told.get("name"),
            "description": told.get("description"),
            "severity": told.get("severity"),
            "score": told.get("score"),
            "vector": vector(*vectors),
            "topFix": item.get("topFix"),
            "hidden": status in _HIDDEN,
        },
        _component(library, str(library.get("libraryType") or "")),
        place(library.get("path")),
    )


def _of_before(at: str, item: Mapping[str, Any]) -> Record:
    library = item["library"]
    places = tuple(found for where in listed(item.get("locations")) for found in place(dug(where, "path")))
    return _sighting(
        at,
        {
            **item,
            "severity": item.get("cvss3_severity") or item.get("severity"),
            "score": item.get("cvss3_score") or item.get("score"),
            "vector": vector(item.get("scoreMetadataVector")) or spelled(item.get("cvss3Attributes")),
        },
        _component(library, str(library.get("type") or "")),
        places,
    )


def _component(library: Mapping[str, Any], type_: str) -> Component:
    kind, version = ecosystem(type_), str(library.get("version") or "")
    artifact, group = str(library.get("artifactId") or ""), str(library.get("groupId") or "")
    name = artifact or str(library.get("name") or "")
    if kind == "Maven" and group and not artifact.endswith(".jar"):
        name = f"{group}:{artifact}"
    return Component(ecosystem=kind, name=name.removesuffix(".jar"), version=versioned(kind, version))


def _sighting(at: str, told: Mapping[str, Any], component: Component, places: tuple[Location, ...]) -> Record:
    known, fix = str(told.get("name") or ""), told.get("topFix")
    if not known or not component.name:
        return Rejected(at=at, why="it names no vulnerability or no library")
    about = str(told.get("description") or "")
    score = of_score(told.get("score"), UNRATED)
    resolution = str(dug(fix, "fixResolution") or "")
    fixed = _VERSION.search(resolution)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{component.name}: {first_line(about, 120) or known}",
        severity=severity(told.get("severity"), score),
        confidence=Confidence.HIGH,
        message=about or known,
        locations=places,
        component=Component(
            ecosystem=component.ecosystem,
            name=component.name,
            version=component.version,
            fixed=(fixed[1],) if fixed else (),
        ),
        ids=(known,),
        cvss=str(told.get("vector") or ""),
        steps=texts(f"{dug(fix, 'message')}: {resolution}" if resolution and dug(fix, "message") else resolution),
        references=texts(dug(fix, "url")),
        mark=Mark.SUPPRESSED if told.get("hidden") else Mark.NONE,
    )


FORMAT = Format(
    id="mend",
    title="Mend",
    docs="https://docs.mend.io/platform/latest/mend-api-3-0",
    recognises=recognises,
    records=records,
)
