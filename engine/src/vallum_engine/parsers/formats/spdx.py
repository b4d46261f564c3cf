"""SPDX 2: the packages of a bill of materials, as JSON and as tags with values, and the advisories that it names."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.model.graph import Graph, Key, Origin, Ways
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.inventory import component, package
from vallum_engine.parsers.npm import ghsa
from vallum_engine.parsers.words import UNRATED, cves, dug, listed

_NOTHING = frozenset({"NOASSERTION", "NONE"})
_TAG = re.compile(r"^([A-Za-z]+): ?(.*)$")
_FIRST_TAG = "SPDXVersion: SPDX-2."


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, dict):
        return str(value.get("spdxVersion") or "").startswith("SPDX-2.")
    return document.head.startswith(("#", _FIRST_TAG)) and any(
        line.startswith(_FIRST_TAG) for line in document.head.splitlines()[:20]
    )


def records(document: Document) -> Iterator[Record]:
    value: Any = document.json
    if value is None:
        value = _tagged(document.text)
    graph = _graph(value)
    direct = frozenset(want for root in graph.roots for want in graph.wants.get(root, ()))
    ways = Ways(graph, project="the project")
    for index, told in enumerate(listed(value.get("packages"))):
        at = f"packages[{index}]"
        if not isinstance(told, dict) or not told.get("name"):
            yield Rejected(at=at, why="it is no package with a name")
        else:
            yield from _package(at, told, direct, ways)


def _package(at: str, told: Mapping[str, Any], direct: frozenset[Key], ways: Ways) -> Iterator[Record]:
    references = list(listed(told.get("externalRefs")))
    purl = next((dug(r, "referenceLocator") for r in references if dug(r, "referenceType") == "purl"), "")
    of = component(purl, told["name"], _version(told))
    yield package(of, direct=str(told.get("SPDXID")) in direct if direct else None)
    for index, reference in enumerate(references):
        if dug(reference, "referenceType") == "advisory":
            yield _advisory(f"{at}.externalRefs[{index}]", reference, of, ways.of_key(str(told.get("SPDXID"))))


def _advisory(at: str, reference: Mapping[str, Any], of: Component, origin: Origin) -> Record:
    """It may affect the package, the specification says: whether it does nobody has said."""
    url = str(reference.get("referenceLocator") or "").strip()
    ids = (*cves(url), *ghsa(url))
    rule = next(iter(ids), "") or url.rstrip("/").rpartition("/")[2]
    if not rule:
        return Rejected(at=at, why="it names no advisory (`referenceLocator`)")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=rule,
        title=f"{of.name}: {rule}",
        severity=UNRATED,
        confidence=Confidence.LOW,
        message=str(reference.get("comment") or f"{url} may affect {of.name} {of.version}".strip()),
        component=of,
        ids=ids or (rule,),
        references=(url,),
        origin=origin,
    )


def _graph(value: Mapping[str, Any]) -> Graph:
    """What depends on what, from what the document describes. Empty where no relation says so."""
    told = [r for r in listed(value.get("relationships")) if isinstance(r, dict)]
    described = [*listed(value.get("documentDescribes"))]
    described += [r.get("relatedSpdxElement") for r in told if r.get("relationshipType") == "DESCRIBES"]
    wants: dict[Key, list[str]] = {}
    for relation in told:
        one, other = str(relation.get("spdxElementId")), str(relation.get("relatedSpdxElement"))
        if relation.get("relationshipType") == "DEPENDS_ON":
            wants.setdefault(one, []).append(other)
        elif relation.get("relationshipType") == "DEPENDENCY_OF":
            wants.setdefault(other, []).append(one)
    roots = [root for root in dict.fromkeys(map(str, described)) if root in wants]
    packages = [told for told in listed(value.get("packages")) if isinstance(told, dict)]
    names: dict[Key, tuple[str, str]] = {
        str(p.get("SPDXID")): (str(p.get("name") or ""), _version(p)) for p in packages
    }
    names |= {root: (names.get(root, ("", ""))[0], "") for root in roots}
    return Graph(names=names, wants=wants, roots=roots)


def _version(told: Mapping[str, Any]) -> str:
    version = str(told.get("versionInfo") or "")
    return "" if version in _NOTHING else version


def _tagged(text: str) -> dict[str, Any]:
    """Tags with values in the shape of the JSON. What a `<text>` of several lines holds is no tag."""
    packages: list[dict[str, Any]] = []
    relations: list[dict[str, str]] = []
    within = False
    here: dict[str, Any] = {}
    for line in text.splitlines():
        if within:
            within = "</text>" not in line
            continue
        if not (found := _TAG.match(line)):
            continue
        tag, value = found[1], found[2].strip()
        within = "<text>" in value and "</text>" not in value
        if tag in ("FileName", "SnippetSPDXID", "LicenseID"):
            here = {}
        elif tag == "PackageName":
            here = {"name": value, "externalRefs": []}
            packages.append(here)
        elif tag == "Relationship" and len(parts := value.split()) == 3:
            relations.append({"spdxElementId": parts[0], "relationshipType": parts[1], "relatedSpdxElement": parts[2]})
        elif here:
            _set(here, tag, value)
    return {"packages": packages, "relationships": relations}


def _set(here: dict[str, Any], tag: str, value: str) -> None:
    if tag == "SPDXID":
        here["SPDXID"] = value
    elif tag == "PackageVersion":
        here["versionInfo"] = value
    elif tag == "ExternalRef" and len(parts := value.split(maxsplit=2)) == 3:
        here["externalRefs"].append({"referenceType": parts[1], "referenceLocator": parts[2]})


def tool(document: Document) -> str:
    creators = [str(creator) for creator in listed(dug(document.json, "creationInfo", "creators"))]
    creators += [line.removeprefix("Creator: ") for line in document.head.splitlines() if line.startswith("Creator: ")]
    return next((creator.removeprefix("Tool: ") for creator in creators if creator.startswith("Tool: ")), "")


FORMAT = Format(
    id="spdx",
    title="SPDX 2",
    docs="https://spdx.github.io/spdx-spec/v2.3/",
    recognises=recognises,
    records=records,
    tool=tool,
)
