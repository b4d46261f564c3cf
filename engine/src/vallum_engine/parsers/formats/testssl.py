"""testssl.sh's results: CSV, and both of its JSON files."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_port
from vallum_engine.parsers.records import leading, one
from vallum_engine.parsers.words import cves, cwes, dug, first_line, listed, severity

_COLUMNS = frozenset({"id", "fqdn/ip", "port", "severity", "finding"})
_KEYS = frozenset({"id", "ip", "port", "severity", "finding"})
_FINE = frozenset({"OK", "DEBUG"})
# `WARN` tells of the scanner's own trouble with one test; `FATAL` ends the scan.
_FATAL = "FATAL"


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, list):
        return leading(value).keys() >= _KEYS
    if isinstance(value, dict):
        return isinstance(value.get("scanResult"), list) and "Invocation" in value
    return frozenset(document.columns) >= _COLUMNS


def records(document: Document) -> Iterator[Record]:
    value = document.json
    if isinstance(value, dict):
        rows = _pretty(value)
    elif isinstance(value, list):
        rows = ((f"[{index}]", row) for index, row in enumerate(value))
    else:
        rows = ((f"row {index + 1}", row) for index, row in enumerate(document.rows))
    for at, row in rows:
        yield one(at, row, _record)


def _pretty(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """By target and section; each section is a list of results that do not repeat what they are about."""
    for number, target in enumerate(listed(value.get("scanResult"))):
        if not isinstance(target, dict):
            yield f"scanResult[{number}]", target
            continue
        about = {"ip": f"{target.get('targetHost') or ''}/{target.get('ip') or ''}", "port": target.get("port")}
        for section, results in target.items():
            for index, result in enumerate(results if isinstance(results, list) else ()):
                at = f"scanResult[{number}].{section}[{index}]"
                yield at, {**about, **result} if isinstance(result, dict) else result


def _record(at: str, row: Mapping[str, Any]) -> Record:
    rule, word = str(row.get("id") or ""), str(row.get("severity") or "").upper()
    said = str(row.get("finding") or "").strip()
    if not rule or not word:
        return Rejected(at=at, why="it has no id or no severity")
    if word == _FATAL:
        return Rejected(at=at, why=f"the scan broke off: {said}")
    if word in _FINE:
        return Passed(at=at)
    ids = cves(row.get("cve"))
    name, _, address = str(row.get("fqdn/ip") or row.get("ip") or "").partition("/")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if ids else Kind.MISCONFIGURATION,
        rule=rule,
        title=first_line(f"{rule}: {' '.join(said.split())}", 120),
        severity=severity(word, warn=Severity.INFO),
        message=said,
        locations=at_port(name or address, row.get("port"), "tcp"),
        ids=ids,
        cwes=cwes(*str(row.get("cwe") or "").split()),
    )


def tool(document: Document) -> str:
    return str(dug(document.json, "version") or "")


FORMAT = Format(
    id="testssl",
    title="testssl.sh",
    docs="https://testssl.sh/doc/testssl.1.html",
    recognises=recognises,
    records=records,
    tool=tool,
)
