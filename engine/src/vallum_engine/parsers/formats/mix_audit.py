"""`mix deps.audit --format json` (MixAudit)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import UNRATED, cves, dug, first_line, place, severity, texts


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and value.keys() == {"pass", "vulnerabilities"} and isinstance(value["pass"], bool)


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["vulnerabilities"], "vulnerabilities", _vulnerability)


def _vulnerability(at: str, item: Mapping[str, Any]) -> Record:
    name = str(dug(item, "dependency", "package") or dug(item, "advisory", "package") or "")
    known = str(dug(item, "advisory", "id") or "")
    if not name or not known:
        return Rejected(at=at, why="it names no package or no advisory")
    advisory = item["advisory"]
    title = first_line(advisory.get("title")) or known
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {title}",
        severity=severity(advisory.get("severity"), UNRATED),
        confidence=Confidence.HIGH,
        message=str(advisory.get("description") or title),
        locations=place(dug(item, "dependency", "lockfile")),
        component=Component(
            ecosystem="Hex",
            name=name,
            version=str(dug(item, "dependency", "version") or ""),
            fixed=texts(advisory.get("first_patched_versions")),
        ),
        ids=(known, *cves(advisory.get("cve"))),
        references=texts(advisory.get("url")),
    )


FORMAT = Format(
    id="mix-audit",
    title="MixAudit",
    docs="https://github.com/mirego/mix_audit#readme",
    recognises=recognises,
    records=records,
)
