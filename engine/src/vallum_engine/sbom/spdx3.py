"""SPDX 3 (JSON-LD), read: its packages, and what depends on what.

https://spdx.github.io/spdx-spec/v3.0.1/. What has no field of its own stands in the extension for CycloneDX's properties.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vallum_engine.sbom.bill import CONCLUDED, EXCLUDED, Bill, Component, component
from vallum_engine.sbom.shape import dug, listed, text, texts
from vallum_engine.values import replace

Plain = Mapping[str, Any]
PURPOSES = {
    "application": "application",
    "container": "container",
    "data": "data",
    "device": "device",
    "device-driver": "deviceDriver",
    "file": "file",
    "firmware": "firmware",
    "framework": "framework",
    "library": "library",
    "machine-learning-model": "model",
    "operating-system": "operatingSystem",
    "platform": "platform",
}
"""By a component's kind."""
PROPERTIES = "extension_CdxPropertiesExtension"
_KINDS = {purpose: kind for kind, purpose in PURPOSES.items()}
_FOR_DEVELOPMENT = frozenset({"build", "development", "test"})


def recognises(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("@graph"), list):
        return False
    return "spdx.org/rdf/3." in str(value.get("@context")) or str(value.get("spdxVersion")).startswith("SPDX-3.")


def read(value: Plain, lines: Sequence[int] = ()) -> Bill:
    """`lines` are those of the elements. What has no name is passed over."""
    graph = [element for element in listed(value.get("@graph")) if isinstance(element, dict)]
    numbers = {id(element): index for index, element in enumerate(listed(value.get("@graph")))}
    relations = [element for element in graph if element.get("relationshipType") and "from" in element]
    licences, concluded = _licences(graph, relations)
    wants, scopes = _edges(relations)
    found: dict[str, Component] = {}
    for element in graph:
        if type_of(element) == "software_Package" and (one := entry(element)) is not None:
            index = numbers[id(element)]
            found[one.ref or f" {index}"] = replace(
                one,
                line=lines[index] if index < len(lines) else 0,
                scope=one.scope or _scope(scopes.get(one.ref, ())),
                licences=tuple(licences.get(one.ref, ())),
                facts=tuple(sorted({**dict(one.facts), CONCLUDED: "true"}.items()))
                if one.ref in concluded
                else one.facts,
            )
    roots = [ref for ref in _described(graph) if ref in found]
    subject = found.pop(roots[0]) if len(roots) == 1 else None
    return Bill(subject=subject, components=tuple(found.values()), wants=wants, roots=tuple(roots), tool=_tool(graph))


def id_of(element: Plain) -> str:
    return str(element.get("spdxId") or element.get("@id") or "")


def type_of(element: Plain) -> str:
    return str(element.get("type") or element.get("@type") or "")


def entry(element: Plain) -> Component | None:
    """None for a package without a name."""
    if not (name := text(element.get("name"))):
        return None
    named = [dug(i, "identifier") for i in listed(element.get("externalIdentifier")) if _is_purl(i)]
    purpose = text(element.get("software_primaryPurpose")) or "library"
    found = component(
        id_of(element),
        name=name,
        version=text(element.get("software_packageVersion")),
        purl=text(element.get("software_packageUrl")) or next(texts(named), ""),
        kind=_KINDS.get(purpose, purpose),
        properties=list(_properties(element)),
    )
    return replace(found, hashes=tuple(_hashes(element)))


def _is_purl(identifier: Any) -> bool:
    return str(dug(identifier, "externalIdentifierType")) in {"packageUrl", "purl"}


def _properties(element: Plain) -> Iterator[tuple[str, str]]:
    for extension in listed(element.get("extension")):
        for told in listed(dug(extension, "extension_cdxProperty")):
            yield text(dug(told, "extension_cdxPropName")), text(dug(told, "extension_cdxPropValue"))


def _hashes(element: Plain) -> Iterator[str]:
    for told in listed(element.get("verifiedUsing")):
        name, value = text(dug(told, "algorithm")), text(dug(told, "hashValue"))
        if name and value:
            yield f"{name.lower()}:{value.lower()}"


def _pairs(relations: Sequence[Plain], kinds: frozenset[str]) -> Iterator[tuple[str, str, Plain]]:
    for relation in relations:
        if text(relation.get("relationshipType")) in kinds:
            yield from ((text(relation.get("from")), to, relation) for to in texts(listed(relation.get("to"))))


def _edges(relations: Sequence[Plain]) -> tuple[dict[str, list[str]], dict[str, set[str]]]:
    wants: dict[str, list[str]] = {}
    scopes: dict[str, set[str]] = {}
    for one, other, relation in _pairs(relations, frozenset({"dependsOn"})):
        wants.setdefault(one, []).append(other)
        scopes.setdefault(other, set()).add(EXCLUDED if text(relation.get("scope")) in _FOR_DEVELOPMENT else "")
    return wants, scopes


def _scope(said: set[str] | tuple[()]) -> str:
    return next(iter(said)) if len(said) == 1 else ""


def _licences(graph: Sequence[Plain], relations: Sequence[Plain]) -> tuple[dict[str, list[str]], set[str]]:
    """What is declared, and of packages of which nothing is declared what was concluded; which packages these are."""
    told = {
        id_of(element): text(element.get("simplelicensing_licenseExpression"))
        or text(element.get("simplelicensing_licenseText"))
        for element in graph
        if type_of(element).startswith("simplelicensing_")
    }
    found: dict[str, list[str]] = {}
    before: set[str] = set()
    for kind in ("hasDeclaredLicense", "hasConcludedLicense"):
        before = set(found)
        for one, other, _ in _pairs(relations, frozenset({kind})):
            if one not in before and told.get(other):
                found.setdefault(one, []).append(told[other])
    return found, found.keys() - before


def _described(graph: Sequence[Plain]) -> list[str]:
    """The packages that the document, or the bill in it, is about."""
    about = {id_of(e): list(texts(listed(e.get("rootElement")))) for e in graph if e.get("rootElement")}
    first = [ref for e in graph if type_of(e) == "SpdxDocument" for ref in about.get(id_of(e), ())]
    found = [ref for one in first or about for ref in about.get(one, (one,))]
    return list(dict.fromkeys(found))


def _tool(graph: Sequence[Plain]) -> str:
    return next((text(e.get("name")) for e in graph if type_of(e) in {"Tool", "SoftwareAgent"} and e.get("name")), "")
