"""CycloneDX 1.4 to 1.6, JSON and XML: `analysis` of a vulnerability, for the components that it affects.

https://cyclonedx.org/docs/1.6/json/#vulnerabilities. A document is about one product: whoever gives it says that it is this one.
A component below another one that is an application or a container is a part of that product, which has to be scanned.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from vallum_engine.model.purls import asked
from vallum_engine.model.statement import AFFECTED, FIXED, NOT_AFFECTED, UNDECIDED
from vallum_engine.parsers import cyclonedx_xml
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.records import NO_OBJECT
from vallum_engine.parsers.statements.said import said
from vallum_engine.parsers.words import dug, listed, texts
from vallum_engine.sbom.vex import About, Said, Unread
from vallum_engine.values import replace

_STATES = {
    "exploitable": AFFECTED,
    "false_positive": NOT_AFFECTED,
    "in_triage": UNDECIDED,
    "not_affected": NOT_AFFECTED,
    "resolved": FIXED,
    "resolved_with_pedigree": FIXED,
}
_VERSIONS = {"unaffected": NOT_AFFECTED, "unknown": UNDECIDED}
"""What a version's own status says, where it is not the analysis that speaks."""
_JUSTIFICATIONS = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "protected_at_perimeter": "inline_mitigations_already_exist",
    "protected_at_runtime": "inline_mitigations_already_exist",
    "protected_by_compiler": "inline_mitigations_already_exist",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
    "requires_configuration": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_dependency": "component_not_present",
    "requires_environment": "vulnerable_code_cannot_be_controlled_by_adversary",
}
"""What comes nearest among the five of VEX."""
_PRODUCTS = frozenset({"application", "container", "device", "firmware", "operating-system", "platform"})
_SPOKEN = {"false_positive": "a false positive"}

_Refs = dict[str, About | str]


def read(document: Document) -> tuple[str, Iterator[Said | Unread]]:
    """Who speaks, and what they say."""
    bom: Any = cyclonedx_xml.bom(document.xml) if document.xml is not None else document.json
    metadata = dug(bom, "metadata")
    names = [
        dug(metadata, "manufacturer", "name"),
        dug(metadata, "manufacture", "name"),
        dug(metadata, "supplier", "name"),
    ]
    authors = [dug(author, "name") for author in listed(dug(metadata, "authors"))]
    return ", ".join(texts([*authors, *names])[:3]), _statements(bom)


def _statements(bom: Mapping[str, Any]) -> Iterator[Said | Unread]:
    refs, issued = _refs(bom), dug(bom, "metadata", "timestamp")
    for index, told in enumerate(listed(bom.get("vulnerabilities"))):
        at = f"vulnerabilities[{index}]"
        if not isinstance(told, dict):
            yield Unread(at=at, why=NO_OBJECT)
            continue
        if not isinstance(told.get("analysis"), dict) and not _of_versions(told):
            continue  # found, and nothing said of it
        ids = texts([told.get("id"), *(dug(reference, "id") for reference in listed(told.get("references")))])
        for number, target in enumerate(listed(told.get("affects"))):
            where = f"{at}.affects[{number}]"
            for status, about in _targets(target, refs, str(dug(told, "analysis", "state") or "")):
                if status:
                    yield from said(where, ids, status, (about,), **_told(told, issued))


def _of_versions(told: Mapping[str, Any]) -> bool:
    versions = (version for target in listed(told.get("affects")) for version in listed(dug(target, "versions")))
    return any(str(dug(version, "status")) in _VERSIONS for version in versions)


def _told(told: Mapping[str, Any], issued: object) -> dict[str, object]:
    analysis = told.get("analysis")
    state, given = str(dug(analysis, "state") or ""), str(dug(analysis, "justification") or "")
    moments = (
        dug(analysis, "lastUpdated"),
        dug(analysis, "firstIssued"),
        told.get("updated"),
        told.get("published"),
        issued,
    )
    return {
        "justification": _JUSTIFICATIONS.get(given, given),
        "words": dug(analysis, "detail") or _SPOKEN.get(state, ""),
        "moment": next((moment for moment in moments if moment), ""),
    }


def _targets(target: Any, refs: _Refs, state: str) -> Iterator[tuple[str, About | str]]:
    """The status of a component, or of each of its versions that are named."""
    ref = str(dug(target, "ref") or "")
    local = unquote(ref.rpartition("#")[2]) if ref.startswith("urn:cdx:") else ref
    about = refs.get(ref) or refs.get(local)
    if about is None:
        purl = asked(local)
        about = About(package=purl) if purl else "it names a component that the document does not hold"
    status = _STATES.get(state, state)
    versions = listed(dug(target, "versions"))
    if not versions:
        yield status, about
    for version in versions:
        own = _VERSIONS.get(str(dug(version, "status") or ""), status)
        named = str(dug(version, "version") or "")
        if not named:
            yield own, "it speaks of a range of versions, which is not applied"
        elif isinstance(about, About) and about.package:
            yield own, replace(about, package=replace(about.package, version=named))
        else:
            yield own, about


def _refs(bom: Mapping[str, Any]) -> _Refs:
    """By reference: what a component is, or why nothing can be said of it."""
    main = dug(bom, "metadata", "component")
    found: _Refs = {}
    if ref := dug(main, "bom-ref"):
        found[str(ref)] = About()
    pending: list[tuple[Any, tuple[str, ...]]] = [(each, ()) for each in listed(bom.get("components"))]
    pending += [(each, ()) for each in listed(dug(main, "components"))]
    while pending:
        component, inside = pending.pop()
        if not isinstance(component, dict):
            continue
        ref, purl, name = (str(component.get(key) or "") for key in ("bom-ref", "purl", "name"))
        package, is_product = asked(purl), str(component.get("type")) in _PRODUCTS
        names = texts([purl, name, ref])
        if package:
            about: About | str = About(package=package, part_of=inside)
        elif is_product and not inside:
            about = About(itself=names)
        else:
            about = "it names a component without a package URL"
        for key in texts([ref, purl]):
            found.setdefault(key, about)
        pending += [(each, names if is_product else inside) for each in listed(component.get("components"))]
    return found
