"""Orca Security's alerts: JSON, and the same as a table whose columns are paths (`Inventory.Name`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import cves, dug, first_line, of_score, place, texts

_KEYS = frozenset({"Title", "OrcaScore"})
_KINDS = (("vulnerab", Kind.VULNERABILITY), ("malware", Kind.MALWARE), ("malicious", Kind.MALWARE))
_HIDDEN = frozenset({"dismissed", "snoozed"})


def recognises(document: Document) -> bool:
    if set(document.columns) >= _KEYS:
        return True
    return isinstance(document.json, list) and leading(document.json).keys() >= _KEYS


def records(document: Document) -> Iterator[Record]:
    if document.columns:
        yield from each(list(document.rows), "row", _alert)
    else:
        yield from each(document.json, "", _alert)


def _read(alert: Mapping[str, Any], *path: str) -> str:
    return str(alert.get(".".join(path)) or dug(alert, *path) or "")


def _alert(at: str, alert: Mapping[str, Any]) -> Record:
    status = _read(alert, "Status").lower()
    if status == "closed":
        return Passed(at=at)
    title, category = _read(alert, "Title"), _read(alert, "Category")
    account, about = _read(alert, "CloudAccount", "Name"), _read(alert, "Inventory", "Name") or _read(alert, "Source")
    return Sighting(
        at=at,
        kind=next((kind for word, kind in _KINDS if word in category.lower()), Kind.MISCONFIGURATION),
        # An alert names its rule by its title only.
        rule=title,
        title=first_line(title),
        severity=of_score(alert.get("OrcaScore")),
        message=". ".join(texts([f"{about}: {title}" if about else title, category])),
        locations=place("/".join(part for part in (account, about) if part)),
        ids=cves(title),
        evidence=_read(alert, "Source"),
        anchor=(_read(alert, "Source"),),
        mark=Mark.SUPPRESSED if status in _HIDDEN else Mark.NONE,
    )


FORMAT = Format(
    id="orca-security",
    title="Orca Security",
    docs="https://docs.orcasecurity.io/",
    recognises=recognises,
    records=records,
)
