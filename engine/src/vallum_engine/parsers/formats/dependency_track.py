"""Dependency-Track: findings of a project (the File Packaging Format of its export)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence
from vallum_engine.parsers import osv
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import of_purl
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.npm import urls
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import UNRATED, cwes, dug, first_line, listed, of_score, severity, texts, vector

_HIDDEN = frozenset({"FALSE_POSITIVE", "NOT_AFFECTED"})
_ALIASES = ("cveId", "ghsaId", "osvId", "sonatypeId", "snykId", "gsdId", "vulnDbId")


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and "findings" in value and dug(value, "meta", "application") == "Dependency-Track"


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["findings"], "findings", _finding)


def _finding(at: str, item: Mapping[str, Any]) -> Record:
    told, analysis = item["vulnerability"], item.get("analysis")
    known, component = str(told.get("vulnId") or ""), _component(item["component"])
    if not known or not component.name:
        return Rejected(at=at, why="it names no vulnerability or no component")
    state, hidden = str(dug(analysis, "state") or ""), dug(analysis, "isSuppressed") is True
    if state == "RESOLVED" and not hidden:
        return Passed(at=at)
    title = first_line(told.get("title")) or known
    scored = vector(told.get("cvssV4Vector"), told.get("cvssV3Vector"))
    by_score = of_score(told.get("cvssV3BaseScore"), UNRATED)
    # npm's old advisories are bare numbers.
    own = known if not known.isdigit() else f"{told.get('source') or 'source'}-{known}"
    weaknesses = [dug(weakness, "cweId") for weakness in listed(told.get("cwes"))]
    return Sighting(
        at=at,
        kind=osv.kind({"id": known}),
        rule=own,
        title=f"{component.name}: {title}",
        severity=severity(told.get("severity"), by_score, unassigned=by_score),
        confidence=Confidence.HIGH,
        message=str(told.get("description") or title),
        component=component,
        ids=(
            own,
            *(str(dug(alias, name)) for alias in listed(told.get("aliases")) for name in _ALIASES if dug(alias, name)),
        ),
        cwes=cwes(told.get("cweId"), weaknesses),
        cvss=scored,
        steps=texts(told.get("recommendation")),
        references=urls(told.get("references")),
        mark=Mark.SUPPRESSED if hidden or state in _HIDDEN else Mark.NONE,
    )


def _component(told: Mapping[str, Any]) -> Component:
    if found := of_purl(told.get("purl")):
        return found
    name = "/".join(texts([told.get("group"), told.get("name")]))
    return Component(ecosystem="", name=name, version=str(told.get("version") or ""))


def tool(document: Document) -> str:
    return str(dug(document.json, "meta", "version") or "")


FORMAT = Format(
    id="dependency-track",
    title="Dependency-Track",
    docs="https://docs.dependencytrack.org/integrations/file-formats/",
    recognises=recognises,
    records=records,
    tool=tool,
)
