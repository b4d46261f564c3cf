"""Red Hat Satellite: errata that apply to hosts (`/katello/api/errata`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import UNRATED, cves, dug, first_line, listed, severity, texts

_MOST_PACKAGES = 50


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or not {"subtotal", "selectable", "results"} <= value.keys():
        return False
    return value["results"] == [] or "errata_id" in leading(value["results"])


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["results"], "results", _erratum)


def _erratum(at: str, item: Mapping[str, Any]) -> Record:
    known = str(item.get("errata_id") or "")
    if not known:
        return Rejected(at=at, why="it names no erratum (`errata_id`)")
    if item.get("hosts_applicable_count") == 0:
        return Passed(at=at)
    is_security = item.get("type") == "security"
    found = cves(*(dug(cve, "cve_id") or cve for cve in listed(item.get("cves"))))
    packages = texts(item.get("packages"))
    bugs = texts([dug(bug, "href") for bug in listed(item.get("bugs"))])
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if is_security else Kind.WEAKNESS,
        rule=known,
        title=first_line(item.get("title")) or known,
        severity=severity(item.get("severity"), UNRATED),
        confidence=Confidence.HIGH,
        message="\n\n".join(texts([item.get("summary"), item.get("description")])) or known,
        ids=found,
        evidence="\n".join(packages[:_MOST_PACKAGES]),
        steps=texts(item.get("solution")),
        references=(f"https://access.redhat.com/errata/{known}", *bugs),
    )


FORMAT = Format(
    id="red-hat-satellite",
    title="Red Hat Satellite errata",
    docs="https://docs.redhat.com/en/documentation/red_hat_satellite/6.16/html/api_guide/index",
    recognises=recognises,
    records=records,
)
