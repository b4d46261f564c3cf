"""SPDX 3 (JSON-LD): the packages of a bill of materials, its vulnerabilities, and assessments of them (VEX, CVSS)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers import vex
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.inventory import component, package
from vallum_engine.parsers.words import UNRATED, dug, first_line, listed, of_score, severity, texts, vector
from vallum_engine.sbom import spdx3
from vallum_engine.sbom.spdx3 import id_of, type_of

_VEX = {
    "security_VexAffectedVulnAssessmentRelationship": "affected",
    "security_VexFixedVulnAssessmentRelationship": "fixed",
    "security_VexNotAffectedVulnAssessmentRelationship": "not_affected",
    "security_VexUnderInvestigationVulnAssessmentRelationship": "under_investigation",
}
_SCORES = ("security_CvssV4VulnAssessmentRelationship", "security_CvssV3VulnAssessmentRelationship")
_Elements = Mapping[str, Mapping[str, Any]]


def recognises(document: Document) -> bool:
    return spdx3.recognises(document.json)


def records(document: Document) -> Iterator[Record]:
    graph = document.json["@graph"]
    elements = {id_of(element): element for element in graph if isinstance(element, dict)}
    scores = [element for element in elements.values() if type_of(element) in _SCORES]
    stated = {key for element in elements.values() if type_of(element) in _VEX for key in _pairs(element)}
    for index, element in enumerate(graph):
        at = f"@graph[{index}]"
        if not isinstance(element, dict):
            yield Rejected(at=at, why="it is no element")
        elif type_of(element) == "software_Package":
            found = spdx3.entry(element)
            if found is None:
                yield Rejected(at=at, why="it is a package without a name")
            elif found.is_package:
                yield package(_component(element))
        else:
            yield from _statements(at, element, elements, (stated, scores))


def _pairs(element: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Vulnerability and package, as an assessment joins them."""
    return [(str(element.get("from")), str(to)) for to in listed(element.get("to"))]


def _statements(
    at: str,
    element: Mapping[str, Any],
    elements: _Elements,
    known: tuple[set[tuple[str, str]], Sequence[Mapping[str, Any]]],
) -> Iterator[Record]:
    stated, scores = known
    status = _VEX.get(type_of(element), "")
    if status:
        for number, (vulnerability, product) in enumerate(_pairs(element)):
            yield _sighting(
                f"{at}.to[{number}]", element, (status, elements.get(vulnerability), elements.get(product)), scores
            )
    elif element.get("relationshipType") == "hasAssociatedVulnerability":
        # From the package to its vulnerabilities; where VEX speaks of the pair too, its word holds.
        for number, (product, vulnerability) in enumerate(_pairs(element)):
            if (vulnerability, product) not in stated:
                told = ("affected", elements.get(vulnerability), elements.get(product))
                yield _sighting(f"{at}.to[{number}]", element, told, scores)


def _component(element: Mapping[str, Any]) -> Component:
    found = spdx3.entry(element)
    return component(found.purl, found.name, found.version) if found else Component(ecosystem="", name="")


def _sighting(
    at: str,
    element: Mapping[str, Any],
    told: tuple[str, Mapping[str, Any] | None, Mapping[str, Any] | None],
    scores: Sequence[Mapping[str, Any]],
) -> Record:
    status, vulnerability, product = told
    if vulnerability is None or product is None:
        return Rejected(at=at, why="the vulnerability or the package is not in the document")
    if status in vex.ENDED:
        return Passed(at=at)
    of, ids = _component(product), _ids(vulnerability)
    if not ids or not of.name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    about = "\n\n".join(texts([vulnerability.get("summary"), vulnerability.get("description")]))
    rated, scored = _rated(id_of(vulnerability), scores)
    reasons = texts([element.get("security_justificationType"), element.get("security_impactStatement")])
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=ids[0],
        title=f"{of.name}: {first_line(about, 120) or ids[0]}",
        severity=rated,
        confidence=Confidence.HIGH if status == "affected" else Confidence.MEDIUM,
        message=about or ids[0],
        component=of,
        ids=ids,
        cvss=scored,
        evidence=": ".join([status, *reasons]),
        steps=texts(element.get("security_actionStatement")),
        references=texts([u for r in listed(vulnerability.get("externalRef")) for u in listed(dug(r, "locator"))]),
        mark=vex.mark(status) if status else Mark.NONE,
    )


def _ids(vulnerability: Mapping[str, Any]) -> tuple[str, ...]:
    named = [dug(identifier, "identifier") for identifier in listed(vulnerability.get("externalIdentifier"))]
    return texts([*named, vulnerability.get("name")])


def _rated(vulnerability: str, scores: Sequence[Mapping[str, Any]]) -> tuple[Severity, str]:
    own = [score for score in scores if score.get("from") == vulnerability]
    best: Mapping[str, Any] = max(own, key=lambda score: -_SCORES.index(type_of(score)), default={})
    by_number = of_score(best.get("security_score"), UNRATED)
    return severity(best.get("security_severity"), by_number), vector(*(s.get("security_vectorString") for s in own))


FORMAT = Format(
    id="spdx-3",
    title="SPDX 3",
    docs="https://spdx.github.io/spdx-spec/v3.0.1/",
    recognises=recognises,
    records=records,
)
