"""Contrast Assess: its table of vulnerabilities (CSV)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import cwes, place, severity, texts

_COLUMNS = frozenset({"Vulnerability Name", "Vulnerability ID", "Rule Name", "Severity", "Status"})
_OVER = frozenset({"remediated", "fixed", "autoremediated", "remediated - auto-verified"})
_HIDDEN = frozenset({"notaproblem", "not a problem"})


def recognises(document: Document) -> bool:
    return set(document.columns) >= _COLUMNS


def records(document: Document) -> Iterator[Record]:
    yield from each(list(document.rows), "row", _record)


def _record(at: str, row: Mapping[str, Any]) -> Record:
    status, rule = row["Status"].strip().lower(), row["Rule Name"].strip()
    if status in _OVER:
        return Passed(at=at)
    if not rule:
        return Rejected(at=at, why="it names no rule")
    request = " ".join(texts([row.get("Request Method"), row.get("Request URI")]))
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=rule,
        title=row["Vulnerability Name"],
        severity=severity(row["Severity"]),
        message=f"{row['Vulnerability Name']} ({row.get('Category', '')}), seen in {row.get('Application Name', '')}.",
        locations=place(row.get("Request URI")),
        cwes=cwes(row.get("CWE ID", "").rpartition("/")[2].removesuffix(".html")),
        evidence=request,
        # The same as long as its trace is.
        anchor=texts(row["Vulnerability ID"]),
        mark=Mark.SUPPRESSED if status in _HIDDEN else Mark.NONE,
    )


FORMAT = Format(
    id="contrast",
    title="Contrast Assess",
    docs="https://docs.contrastsecurity.com/en/vulnerabilities.html",
    recognises=recognises,
    records=records,
)
