"""Black Duck: the security report of a project's version, as CSV or within the zip of all its reports."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.words import UNRATED, cves, first_line, of_score, place, severity, texts

_HIDDEN = frozenset({"DUPLICATE", "IGNORED", "MITIGATED", "NOT_AFFECTED"})
_ENDED = frozenset({"PATCHED", "REMEDIATION_COMPLETE"})
# `CVE-2021-0001 (BDSA-2021-0002)`: one id and its other name.
_IDS = re.compile(r"[A-Z]+-[\w-]+|\d+")
_COLUMNS = frozenset({"Channel version origin id", "Vulnerability id", "Remediation status"})


def _table(document: Document, name: str) -> Document | None:
    """A table of the archive: `security.csv`, or with the time in its name, `security_2024-….csv`."""
    for path, data in document.members.items():
        file = path.rpartition("/")[2]
        if file.startswith(name) and file.endswith(".csv"):
            return Document(data, file)
    return None


def recognises(document: Document) -> bool:
    table = _table(document, "security") if document.members else document
    return table is not None and set(table.columns) >= _COLUMNS


def records(document: Document) -> Iterator[Record]:
    table, places = document, _places(_table(document, "source"))
    if document.members:
        table = _table(document, "security") or Document(b"")
    name = f"{table.name}, " if document.members else ""
    for number, row in enumerate(table.rows, 2):
        yield _row(
            f"{name}line {number}", row, places.get((row.get("Component id", ""), row.get("Version id", "")), ())
        )


def _places(sources: Document | None) -> dict[tuple[str, str], tuple[Location, ...]]:
    found: dict[tuple[str, str], tuple[Location, ...]] = {}
    for row in sources.rows if sources else ():
        key = (row.get("Component id", ""), row.get("Version id", ""))
        found[key] = (*found.get(key, ()), *place(row.get("Path")))
    return found


def _row(at: str, row: Mapping[str, str], places: tuple[Location, ...]) -> Record:
    told: Mapping[str, Any] = {key: (value or "").strip() for key, value in row.items()}
    number, source, status = (
        told["Vulnerability id"],
        told.get("Vulnerability source") or "",
        told["Remediation status"],
    )
    if status in _ENDED:
        return Passed(at=at)
    known = [f"{source}-{found}" if found.isdigit() else found for found in _IDS.findall(number)]
    component = _component(told)
    if not known or not component.name:
        return Rejected(at=at, why="it names no vulnerability or no component")
    about = str(told.get("Description") or "")
    score = of_score(told.get("Base score") or told.get("Overall score"), UNRATED)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known[0],
        title=f"{told.get('Project name') or component.name}: {first_line(about, 120) or known[0]}",
        severity=severity(told.get("Security Risk"), score),
        confidence=Confidence.HIGH,
        message=about or known[0],
        locations=places,
        component=component,
        ids=(*known, *cves(number)),
        references=texts(told.get("URL")),
        mark=Mark.SUPPRESSED if status in _HIDDEN else Mark.NONE,
    )


def _component(told: Mapping[str, Any]) -> Component:
    """`Channel version origin id` is the package as its ecosystem names it, with its version behind a colon or a slash."""
    origin, version = str(told["Channel version origin id"]), str(told.get("Channel version origin name") or "")
    version = version or str(told.get("Version") or "")
    kind = ecosystem(told.get("Channel version origin"))
    name = origin.removesuffix(version).rstrip(":/") if version else origin
    return Component(ecosystem=kind, name=name or str(told.get("Project name") or ""), version=versioned(kind, version))


FORMAT = Format(
    id="black-duck",
    title="Black Duck",
    docs="https://documentation.blackduck.com/bundle/bd-hub/page/Reporting/VersionDetailsReport.html",
    recognises=recognises,
    records=records,
)
