"""DefectDojo's generic findings: JSON or a table that people and scripts write when no tool's own report fits."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Sighting
from vallum_engine.parsers.network import at_address, at_port, links
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import confidence, cves, cwes, dug, first_line, listed, place, severity, texts, vector

_KEYS = frozenset({"title", "severity", "description"})
_COLUMNS = frozenset({"Title", "Severity", "Description", "Mitigation"})
# The table's columns, as the JSON calls them.
_SPELLED = {
    "CweId": "cwe",
    "CVE": "cve",
    "CVSSV3": "cvssv3",
    "FalsePositive": "false_p",
    "IsMitigated": "is_mitigated",
    "RiskAccepted": "risk_accepted",
    "Url": "endpoints",
}
_ENDED, _HIDDEN = ("false_p", "is_mitigated", "duplicate"), ("risk_accepted", "out_of_scope")


def recognises(document: Document) -> bool:
    if set(document.columns) >= _COLUMNS:
        return True
    return leading(dug(document.json, "findings")).keys() >= _KEYS


def records(document: Document) -> Iterator[Record]:
    if document.columns:
        rows = [{_SPELLED.get(k, k.lower()): v for k, v in row.items()} for row in document.rows]
        yield from each(rows, "row", _finding)
    else:
        yield from each(document.json["findings"], "findings", _finding)


def _is(finding: Mapping[str, Any], key: str) -> bool:
    return str(finding.get(key) or "").strip().lower() in {"true", "1", "yes"}


def _finding(at: str, finding: Mapping[str, Any]) -> Record:
    inactive = str(finding.get("active", "")).strip().lower() == "false"
    hidden = any(_is(finding, key) for key in _HIDDEN)
    if any(_is(finding, key) for key in _ENDED) or (inactive and not hidden):
        return Passed(at=at)
    title, name = str(finding.get("title") or ""), str(finding.get("component_name") or "")
    ids = _ids(finding)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if ids else Kind.WEAKNESS,
        rule=str(finding.get("vuln_id_from_tool") or title),
        title=first_line(title),
        severity=severity(finding.get("severity"), Severity.INFO),
        confidence=Confidence.HIGH if _is(finding, "verified") else confidence(finding.get("confidence")),
        message="\n\n".join(texts([finding.get("description") or title, finding.get("impact")])),
        locations=_places(finding),
        component=Component(
            ecosystem="",
            name=name,
            version=str(finding.get("component_version") or ""),
            fixed=texts(finding.get("fix_version")),
        )
        if name
        else None,
        ids=ids,
        cwes=cwes(finding.get("cwe")),
        cvss=vector(finding.get("cvssv4"), finding.get("cvssv3")),
        steps=texts(finding.get("mitigation")),
        references=links(finding.get("references")),
        anchor=_anchor(finding, title),
        mark=Mark.SUPPRESSED if hidden else Mark.NONE,
    )


def _ids(finding: Mapping[str, Any]) -> tuple[str, ...]:
    given = texts([finding.get("cve"), *(_text(item) for item in listed(finding.get("vulnerability_ids")))])
    return tuple(dict.fromkeys([*cves(*given), *(text for text in given if not cves(text))]))


def _text(item: Any) -> Any:
    return dug(item, "vulnerability_id") if isinstance(item, Mapping) else item


def _anchor(finding: Mapping[str, Any], title: str) -> tuple[str, ...]:
    """Its writer's own id where there is one, else what it names beside its rule and its place."""
    own = finding.get("unique_id_from_tool")
    return (str(own),) if own else (title, str(finding.get("param") or ""), str(finding.get("sast_sink_object") or ""))


def _places(finding: Mapping[str, Any]) -> tuple[Location, ...]:
    found = list(place(finding.get("file_path"), finding.get("line")))
    for endpoint in listed(finding.get("endpoints")):
        found += _endpoint(endpoint) if isinstance(endpoint, Mapping) else at_address(endpoint)
    return tuple(dict.fromkeys(found))


def _endpoint(endpoint: Mapping[str, Any]) -> tuple[Location, ...]:
    """An address in parts, of which only the host is sure."""
    host, port, scheme, path = (str(endpoint.get(key) or "") for key in ("host", "port", "protocol", "path"))
    if scheme not in {"http", "https"}:
        return at_port(host, port, scheme)
    authority = f"{host}:{port}" if port else host
    return at_address(f"{scheme}://{authority}/{path.lstrip('/')}?{endpoint.get('query') or ''}") if host else ()


FORMAT = Format(
    id="generic",
    title="Generic findings (DefectDojo)",
    docs="https://docs.defectdojo.com/",
    recognises=recognises,
    records=records,
    # Title, severity and description stand in many reports: who knows more of one reads it.
    weight=-1,
)
