"""CycloneDX, JSON and XML: the packages of a bill of materials, its vulnerabilities, and statements about them (VEX)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vallum_engine.model.finding import Confidence, Location, Severity
from vallum_engine.model.graph import NOT_SAID, Graph, Origin, Ways
from vallum_engine.parsers import cyclonedx_xml, osv
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.inventory import component, package
from vallum_engine.parsers.records import NO_OBJECT
from vallum_engine.parsers.words import (
    UNRATED,
    cwes,
    dug,
    first_line,
    listed,
    of_score,
    of_vector,
    place,
    severity,
    texts,
    vector,
)
from vallum_engine.sbom import bill, cyclonedx
from vallum_engine.values import immutable, replace

# The other states, `exploitable` and `in_triage`, leave it open.
_STATES = {"not_affected": Mark.SUPPRESSED, "false_positive": Mark.SUPPRESSED}
_ENDED = frozenset({"resolved", "resolved_with_pedigree"})


@immutable
class _Entry:
    """A component, and where it lies."""

    of: Component
    places: tuple[Location, ...]
    origin: Origin = NOT_SAID


def recognises(document: Document) -> bool:
    root = document.xml
    if root is None:
        return cyclonedx.recognises(document.json)
    return root.tag == "bom" and "cyclonedx.org/schema/bom" in document.head


def records(document: Document) -> Iterator[Record]:
    bom: Any = cyclonedx_xml.bom(document.xml) if document.xml is not None else document.json
    main = cyclonedx.entry(dug(bom, "metadata", "component"))
    wants = cyclonedx.wants(bom)
    direct = frozenset(wants[main.ref]) if main and main.ref in wants else None
    entries = {main.ref: _entry(main)} if main else {}
    for index, (_, told) in enumerate(cyclonedx.flat(bom)):
        if (found := cyclonedx.entry(told)) is None:
            yield Rejected(at=f"component {index + 1}", why="it is no component with a name")
        else:
            entry = _entry(found)
            entries.setdefault(found.ref, entry)
            yield from _component(found, entry, direct, told)
    vulnerabilities = list(listed(bom.get("vulnerabilities")))
    ways = Ways(_graph(wants, main, entries), project="the project") if vulnerabilities else None
    known = {ref: replace(entry, origin=ways.of_key(ref)) for ref, entry in entries.items()} if ways else {}
    for index, item in enumerate(vulnerabilities):
        yield from _vulnerability(f"vulnerabilities[{index}]", item, known)


def _graph(wants: Mapping[str, Sequence[str]], main: bill.Component | None, entries: Mapping[str, _Entry]) -> Graph:
    root = main.ref if main else ""
    return Graph(
        names={ref: (entry.of.name, "" if ref == root else entry.of.version) for ref, entry in entries.items()},
        wants=dict(wants.items()),
        roots=[root] if root and root in wants else [],
    )


def _entry(found: bill.Component) -> _Entry:
    return _Entry(
        of=component(found.purl, found.name, found.version),
        places=tuple(dict.fromkeys(location for each in found.places for location in place(each.path))),
    )


def _component(
    found: bill.Component, entry: _Entry, direct: frozenset[str] | None, told: Mapping[str, Any]
) -> Iterator[Record]:
    """Its entry of the inventory, and what the extension of before 1.4 hangs on it."""
    if found.is_package:
        yield package(
            entry.of,
            *entry.places[:1],
            direct=None if direct is None else found.ref in direct,
            optional=found.scope in (bill.OPTIONAL, bill.EXCLUDED),
        )
    for index, item in enumerate(listed(told.get("vulnerabilities"))):
        at = f"component {entry.of.name} {entry.of.version}, vulnerabilities[{index}]"
        yield _sighting(at, item, entry) if isinstance(item, dict) else Rejected(at=at, why=NO_OBJECT)


def _vulnerability(at: str, item: Any, entries: Mapping[str, _Entry]) -> Iterator[Record]:
    """One record for each component that it affects."""
    if not isinstance(item, dict):
        yield Rejected(at=at, why=NO_OBJECT)
        return
    affects = list(listed(item.get("affects")))
    if not affects:
        yield _sighting(at, item, None)
    for index, target in enumerate(affects):
        where, ref = f"{at}.affects[{index}]", str(dug(target, "ref") or "")
        said = [dug(version, "status") for version in listed(dug(target, "versions"))]
        if said and all(status == "unaffected" for status in said):
            yield Passed(at=where)
        elif not ref:
            yield Rejected(at=where, why="it names no component (`ref`)")
        else:
            yield _sighting(where, item, _resolved(ref, entries))


def _resolved(ref: str, entries: Mapping[str, _Entry]) -> _Entry:
    """A link into another document (`urn:cdx:…#ref`) ends in the component's own reference there, often a package URL."""
    local = ref.rpartition("#")[2] if ref.startswith("urn:cdx:") else ref
    return entries.get(ref) or entries.get(local) or _Entry(of=component(local, local), places=())


def _sighting(at: str, item: Mapping[str, Any], entry: _Entry | None) -> Record:
    known, state = str(item.get("id") or ""), str(dug(item, "analysis", "state") or "")
    if not known:
        return Rejected(at=at, why="it names no vulnerability (`id`)")
    if state in _ENDED:
        return Passed(at=at)
    name = entry.of.name if entry else ""
    about = "\n\n".join(texts([item.get("description"), item.get("detail")]))
    title = first_line(item.get("description"), 120) or known
    rated, scored = _rated(item)
    analysis = texts([dug(item, "analysis", "justification"), dug(item, "analysis", "detail")])
    return Sighting(
        at=at,
        kind=osv.kind({"id": known}),
        rule=known,
        title=f"{name}: {title}" if name else title,
        severity=rated,
        confidence=Confidence.MEDIUM if state == "in_triage" else Confidence.HIGH,
        message=about or known,
        locations=entry.places if entry else (),
        component=entry.of if entry else None,
        ids=(known, *texts([dug(reference, "id") for reference in listed(item.get("references"))])),
        cwes=cwes(*listed(item.get("cwes"))),
        cvss=scored,
        evidence=": ".join([state, *analysis]) if state else "",
        steps=texts([item.get("recommendation"), item.get("workaround")]),
        references=texts([dug(item, "source", "url"), *(dug(a, "url") for a in listed(item.get("advisories")))]),
        mark=_STATES.get(state, Mark.NONE),
        origin=entry.origin if entry else NOT_SAID,
    )


def _rated(item: Mapping[str, Any]) -> tuple[Severity, str]:
    """By the one whose record it is, else by the worst; the vector likewise, of version 3 or 4."""
    ratings = [rating for rating in listed(item.get("ratings")) if isinstance(rating, dict)]
    source = dug(item, "source", "name")
    own: Sequence[Mapping[str, Any]] = [r for r in ratings if source and dug(r, "source", "name") == source]
    judged = [found for rating in own or ratings if (found := _judged(rating)) is not None]
    worst = max(judged, key=lambda s: s.rank, default=UNRATED)
    return worst, vector(*(rating.get("vector") for rating in (*own, *ratings)))


def _judged(rating: Mapping[str, Any]) -> Severity | None:
    word = str(rating.get("severity") or "").lower()
    if word and word != "unknown":
        return severity(word)
    if scored := vector(rating.get("vector")):
        return of_vector(scored)
    return of_score(rating["score"]) if rating.get("score") else None


def tool(document: Document) -> str:
    return cyclonedx.tool(cyclonedx_xml.bom(document.xml) if document.xml is not None else document.json)


FORMAT = Format(
    id="cyclonedx",
    title="CycloneDX",
    docs="https://cyclonedx.org/specification/overview/",
    recognises=recognises,
    records=records,
    tool=tool,
)
