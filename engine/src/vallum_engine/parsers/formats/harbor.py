"""Harbor's report of an artifact's vulnerabilities, whichever scanner made it."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import UNRATED, cwes, dug, first_line, severity, texts, vector

_TYPES = ("application/vnd.scanner.adapter.vuln.report.", "application/vnd.security.vulnerability.report")


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and any(str(key).startswith(_TYPES) for key in value)


def _reports(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((key, report) for key, report in document.json.items() if str(key).startswith(_TYPES))


def records(document: Document) -> Iterator[Record]:
    for number, (_, report) in enumerate(_reports(document), 1):
        yield from each(report["vulnerabilities"], f"report {number}, vulnerabilities", _vulnerability)


def _vulnerability(at: str, item: Mapping[str, Any]) -> Record:
    known, name = str(item.get("id") or ""), str(item.get("package") or "")
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    about = str(item.get("description") or "")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {first_line(about, 120) or known}",
        severity=severity(item.get("severity"), UNRATED, unknown=UNRATED),
        confidence=Confidence.HIGH,
        message=about,
        component=Component(
            ecosystem="",
            name=name,
            version=str(item.get("version") or ""),
            fixed=texts(str(item.get("fix_version") or "").split(", ")),
        ),
        ids=(known,),
        cwes=cwes(item.get("cwe_ids")),
        cvss=vector(dug(item, "preferred_cvss", "vector_v3")),
        references=texts(item.get("links")),
    )


def tool(document: Document) -> str:
    scanner = next((dug(report, "scanner") for _, report in _reports(document)), None)
    return f"{dug(scanner, 'name') or ''} {dug(scanner, 'version') or ''}".strip()


FORMAT = Format(
    id="harbor",
    title="Harbor",
    docs="https://goharbor.io/docs/main/administration/vulnerability-scanning/",
    recognises=recognises,
    records=records,
    tool=tool,
)
