"""Yarn's audits, one JSON value a line: `yarn audit --json` (Yarn 1), and `yarn npm audit --json` (Yarn 4)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.npm import ghsa, sighting
from vallum_engine.parsers.words import dug, first_line, listed, severity, texts

_AUDITED = frozenset({"auditAdvisory", "auditSummary"})
# What Yarn 1 says beside the audit itself; an error that ends it comes in such a line too.
_SAID = frozenset({"info", "warning", "error"})


def recognises(document: Document) -> bool:
    values = document.jsons
    if not values or not all(isinstance(value, dict) for value in values):
        return False
    if "children" in values[0]:
        return isinstance(dug(values[0], "children"), dict) and "Vulnerable Versions" in values[0]["children"]
    kinds = {str(value.get("type")) for value in values}
    return bool(kinds & _AUDITED) or (kinds <= _SAID and any("audit" in str(value.get("data")) for value in values))


def records(document: Document) -> Iterator[Record]:
    for line, value in enumerate(document.jsons, 1):
        at = f"value {line}"
        if not isinstance(value, dict):
            yield Rejected(at=at, why="it is no object")
        elif "children" in value:
            yield _of_four(at, value)
        elif value.get("type") == "error":
            yield Rejected(at=at, why=f"Yarn did not end its audit: {first_line(value.get('data'))}")
        elif value.get("type") == "auditAdvisory":
            yield _of_one(at, value)


def _of_one(at: str, value: Mapping[str, Any]) -> Record:
    """One line for each way to a vulnerable package: its version is that of the copy at the end of the way."""
    advisory, way = dug(value, "data", "advisory"), str(dug(value, "data", "resolution", "path") or "")
    if not isinstance(advisory, dict):
        return Rejected(at=at, why="it holds no advisory")
    found = [finding for finding in listed(advisory.get("findings")) if isinstance(finding, dict)]
    here = next((finding for finding in found if way in texts(finding.get("paths"))), found[0] if found else {})
    return sighting(at, advisory, here.get("version"), way or here.get("paths"))


def _of_four(at: str, value: Mapping[str, Any]) -> Record:
    told = value.get("children")
    name = str(value.get("value") or "")
    if not isinstance(told, dict) or not name or not told.get("Issue"):
        return Rejected(at=at, why="it names no package or no issue")
    ids = ghsa(told.get("URL"))
    title = first_line(told["Issue"])
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=next(iter(ids), "") or str(told.get("ID") or title),
        title=f"{name}: {title}",
        severity=severity(told.get("Severity")),
        confidence=Confidence.HIGH,
        message=f"{told['Issue']}. Affected: {name} {told.get('Vulnerable Versions') or ''}".strip(),
        component=Component(ecosystem="npm", name=name, version=", ".join(texts(told.get("Tree Versions")))),
        ids=ids,
        evidence="\n".join(texts(told.get("Dependents"))),
        references=texts(told.get("URL")),
    )


FORMAT = Format(
    id="yarn-audit",
    title="Yarn audit",
    docs="https://classic.yarnpkg.com/lang/en/docs/cli/audit/",
    recognises=recognises,
    records=records,
)
