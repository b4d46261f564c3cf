"""JFrog Xray's vulnerabilities report (`/api/v1/reports/vulnerabilities`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import distribution, ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import UNRATED, cwes, dug, first_line, listed, of_score, place, severity, texts, vector

# Their ids begin with the distribution: `deb://debian:stretch:libx11:2:1.6.4-3`, `alpine://3.18:musl:1.2.4-r1`.
_OF_DISTRIBUTIONS = {"deb": 2, "rpm": 1, "alpine": 1}


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or not {"total_rows", "rows"} <= value.keys():
        return False
    return value["rows"] == [] or "vulnerable_component" in leading(value["rows"])


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["rows"], "rows", _row)


def _row(at: str, item: Mapping[str, Any]) -> Record:
    rule, component = str(item.get("issue_id") or ""), _component(item)
    known = texts([dug(cve, "cve") for cve in listed(item.get("cves"))])
    if not component.name or not (rule or known):
        return Rejected(at=at, why="it names no vulnerability or no component")
    title = first_line(item.get("summary")) or rule
    scored = of_score(item.get("cvss3_max_score"), UNRATED)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=rule or known[0],
        title=f"{component.name}: {title}",
        severity=severity(item.get("severity"), scored, unknown=scored),
        confidence=Confidence.HIGH,
        message=str(item.get("description") or item.get("summary") or title),
        locations=place(item.get("path") or item.get("component_physical_path")),
        component=component,
        ids=(*known, *texts(rule)),
        cwes=cwes(*(dug(cve, "cwe") for cve in listed(item.get("cves")))),
        cvss=vector(*(dug(cve, "cvss_v3_vector") for cve in listed(item.get("cves")))),
        evidence=" → ".join(texts(item.get("impact_path"))),
        references=texts(item.get("references")),
    )


def _component(item: Mapping[str, Any]) -> Component:
    type_, _, rest = str(item.get("vulnerable_component") or "").partition("://")
    fixed = tuple(text.strip("[]() ,") for text in texts(item.get("fixed_versions")))
    skipped = _OF_DISTRIBUTIONS.get(type_, 0)
    parts = rest.split(":")
    prefix, parts = parts[:skipped], parts[skipped:]
    kind = (skipped and distribution(prefix[0] if type_ != "alpine" else type_)) or ecosystem(type_)
    # A Maven name is `group:artifact`; a Debian version may hold a colon.
    names = 2 if kind == "Maven" and len(parts) > 2 else 1
    return Component(
        ecosystem=kind,
        name=":".join(parts[:names]),
        version=versioned(kind, ":".join(parts[names:])),
        fixed=fixed,
    )


FORMAT = Format(
    id="jfrog-xray",
    title="JFrog Xray",
    docs="https://jfrog.com/help/r/xray-rest-apis/reports",
    recognises=recognises,
    records=records,
)
