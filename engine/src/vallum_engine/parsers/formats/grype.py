"""`grype -o json`."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import distribution, ecosystem, of_purl, versioned
from vallum_engine.parsers.format import Component, Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import UNRATED, cwes, dug, first_line, listed, place, severity, texts, vector

_OF_DISTRIBUTIONS = frozenset({"apk", "deb", "rpm", "alpm", "portage"})


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or not isinstance(value.get("matches"), list):
        return False
    first = leading(value["matches"])
    return dug(value, "descriptor", "name") == "grype" or {"vulnerability", "artifact"} <= first.keys()


def records(document: Document) -> Iterator[Record]:
    value = document.json
    distro = distribution(dug(value, "distro", "name"))
    yield from each(value["matches"], "matches", lambda at, item: _match(at, item, distro))
    # Hidden by the user's rules or a VEX document.
    yield from each(value.get("ignoredMatches"), "ignoredMatches", lambda at, i: _match(at, i, distro, Mark.SUPPRESSED))


def _match(at: str, item: Mapping[str, Any], distro: str, mark: Mark = Mark.NONE) -> Record:
    vulnerability, artifact = item["vulnerability"], item["artifact"]
    known, name = str(vulnerability.get("id") or ""), str(artifact.get("name") or "")
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    related = [other for other in listed(item.get("relatedVulnerabilities")) if isinstance(other, dict)]
    told = [vulnerability, *related]
    about = next((str(other["description"]) for other in told if other.get("description")), "")
    places = [place(dug(location, "path")) for location in listed(artifact.get("locations"))]
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {first_line(about, 120) or known}",
        severity=severity(vulnerability.get("severity"), UNRATED, unknown=UNRATED),
        confidence=Confidence.HIGH,
        message=about,
        locations=tuple(location for found in places for location in found),
        component=_component(artifact, distro, texts(dug(vulnerability, "fix", "versions"))),
        ids=(known, *(str(other["id"]) for other in related if other.get("id"))),
        cwes=cwes(*(dug(weakness, "cwe") for other in told for weakness in listed(other.get("cwes")))),
        cvss=vector(*(dug(score, "vector") for other in told for score in listed(other.get("cvss")))),
        references=texts(
            [vulnerability.get("dataSource"), *(url for other in told for url in listed(other.get("urls")))]
        ),
        mark=mark,
    )


def _component(artifact: Mapping[str, Any], distro: str, fixed: tuple[str, ...]) -> Component:
    if found := of_purl(artifact.get("purl"), fixed):
        return found
    type_ = str(artifact.get("type") or "")
    name = (type_ in _OF_DISTRIBUTIONS and distro) or ecosystem(type_)
    return Component(
        ecosystem=name, name=str(artifact["name"]), version=versioned(name, artifact.get("version")), fixed=fixed
    )


def tool(document: Document) -> str:
    return str(dug(document.json, "descriptor", "version") or "")


FORMAT = Format(
    id="grype",
    title="Grype",
    docs="https://github.com/anchore/grype#output-formats",
    recognises=recognises,
    records=records,
    tool=tool,
)
