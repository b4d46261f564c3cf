"""SPDX 2: the packages of a bill of materials, as JSON and as tags with values, and the advisories that it names."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.model.graph import Graph, Key, Origin, Ways
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.inventory import component, package
from vallum_engine.parsers.npm import ghsa
from vallum_engine.parsers.words import UNRATED, cves, dug, listed
from vallum_engine.sbom import spdx
from vallum_engine.sbom.bill import Bill


def recognises(document: Document) -> bool:
    return spdx.recognises(document.json) or (document.json is None and spdx.is_tagged(document.head))


def records(document: Document) -> Iterator[Record]:
    value: Any = document.json
    if value is None:
        value, _ = spdx.tagged(document.text)
    graph = _graph(spdx.read(value))
    direct = frozenset(want for root in graph.roots for want in graph.wants.get(root, ()))
    ways = Ways(graph, project="the project")
    for index, told in enumerate(listed(value.get("packages"))):
        at = f"packages[{index}]"
        if (found := spdx.entry(told, {})) is None:
            yield Rejected(at=at, why="it is no package with a name")
            continue
        of = component(found.purl, found.name, found.version)
        if found.is_package:
            yield package(of, direct=found.ref in direct if direct else None)
        for number, reference in enumerate(listed(told.get("externalRefs"))):
            if dug(reference, "referenceType") == "advisory":
                yield _advisory(f"{at}.externalRefs[{number}]", reference, of, ways.of_key(found.ref))


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


def _graph(found: Bill) -> Graph:
    """What depends on what, from what the document describes. Empty where no relation says so."""
    every = (found.subject, *found.components) if found.subject else found.components
    names: dict[Key, tuple[str, str]] = {each.ref: (each.name, each.version) for each in every}
    roots = [root for root in found.roots if root in found.wants]
    wants: Mapping[Key, Sequence[str]] = dict(found.wants.items())
    return Graph(names=names | {root: (names[root][0], "") for root in roots}, wants=wants, roots=roots)


def tool(document: Document) -> str:
    value = document.json if document.json is not None else spdx.tagged(document.text)[0]
    return spdx.tool(value)


FORMAT = Format(
    id="spdx",
    title="SPDX 2",
    docs="https://spdx.github.io/spdx-spec/v2.3/",
    recognises=recognises,
    records=records,
    tool=tool,
)
