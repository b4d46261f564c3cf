"""GitLab's report of dynamic testing (`gl-dast-report.json`), whichever scanner ran."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import confidence, cves, cwes, dug, first_line, listed, severity, texts

_TYPES = frozenset({"dast", "api_fuzzing"})


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or not isinstance(value.get("vulnerabilities"), list):
        return False
    kind = dug(value, "scan", "type")
    if kind is not None:
        return str(kind) in _TYPES and dug(value, "scan", "scanner") is not None
    # Before version 14 the type stood in each vulnerability, or nowhere.
    first = leading(value["vulnerabilities"])
    return isinstance(first.get("identifiers"), list) and dug(first, "location", "hostname") is not None


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["vulnerabilities"], "vulnerabilities", _record)
    status = dug(document.json, "scan", "status")
    if status == "failure":
        yield Rejected(at="scan.status", why="the scan failed: what it had not found yet is not here")


def _record(at: str, item: Mapping[str, Any]) -> Record:
    identifiers = [entry for entry in listed(item.get("identifiers")) if isinstance(entry, dict)]
    first = identifiers[0] if identifiers else {}
    rule = str(first.get("value") or item.get("cve") or "")
    name = str(item.get("name") or item.get("message") or first.get("name") or rule)
    if not rule:
        return Rejected(at=at, why="it has no identifier")
    place = item.get("location")
    host, path = str(dug(place, "hostname") or ""), str(dug(place, "path") or "")
    parameter, method = str(dug(place, "param") or ""), str(dug(place, "method") or "")
    ids = cves(*(entry.get("value") for entry in identifiers if str(entry.get("type")).lower() == "cve"))
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if ids else Kind.WEAKNESS,
        rule=rule,
        title=first_line(name),
        severity=severity(item.get("severity")),
        confidence=confidence(item.get("confidence")),
        message=str(item.get("description") or name),
        locations=at_address(path if "://" in path else f"{host.rstrip('/')}/{path.lstrip('/')}" if host else path),
        ids=ids,
        cwes=cwes(*(str(entry.get("value")) for entry in identifiers if str(entry.get("type")).lower() == "cwe")),
        evidence=f"{method} {parameter}".strip(),
        steps=texts(item.get("solution")),
        references=texts([dug(link, "url") for link in listed(item.get("links"))]),
        anchor=(name, method, parameter),
    )


def tool(document: Document) -> str:
    scanner = dug(document.json, "scan", "scanner")
    return f"{dug(scanner, 'name') or ''} {dug(scanner, 'version') or ''}".strip()


FORMAT = Format(
    id="gitlab-dast",
    title="GitLab DAST",
    docs="https://docs.gitlab.com/user/application_security/dast/",
    recognises=recognises,
    records=records,
    tool=tool,
)
