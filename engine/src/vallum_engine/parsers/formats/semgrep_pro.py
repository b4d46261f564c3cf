"""Findings as Semgrep's platform lists them (Semgrep Pro: `GET /deployments/{slug}/findings`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import confidence, cwes, dug, first_line, leaked, listed, place, severity, texts

_ENDED = frozenset({"fixed", "removed"})
_HIDDEN = frozenset({"ignored", "provisionally_ignored", "muted"})


def recognises(document: Document) -> bool:
    first = dug(document.json, "findings", 0)
    return isinstance(first, dict) and "match_based_id" in first and "syntactic_id" in first


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["findings"], "findings", _record)


def _record(at: str, item: Mapping[str, Any]) -> Record:
    status = {str(item.get("status") or ""), str(item.get("state") or "")}
    if status & _ENDED:
        return Passed(at=at)
    rule = item.get("rule")
    rule = rule if isinstance(rule, Mapping) else {}
    message = str(item.get("rule_message") or rule.get("message") or "")
    name, component = str(item.get("rule_name") or rule.get("name") or ""), _component(item)
    weaknesses = cwes(rule.get("cwe_names"))
    reachable = item.get("reachability") == "reachable"
    return Sighting(
        at=at,
        kind=_kind(component, secret=leaked(weaknesses)),
        rule=name,
        title=first_line(message) or name,
        severity=severity(item.get("severity")),
        confidence=Confidence.HIGH if reachable else confidence(item.get("confidence")),
        message=message,
        locations=place(
            dug(item, "location", "file_path"), dug(item, "location", "line"), dug(item, "location", "end_line")
        ),
        component=component,
        ids=texts(item.get("vulnerability_identifier")) if component else (),
        cwes=weaknesses,
        steps=texts(
            [dug(item, "assistant", "guidance", "summary"), dug(item, "assistant", "guidance", "instructions")]
        ),
        references=texts(item.get("line_of_code_url")),
        anchor=texts(item.get("match_based_id") or item.get("syntactic_id")),
        mark=Mark.SUPPRESSED if status & _HIDDEN else Mark.NONE,
    )


def _kind(component: Component | None, *, secret: bool) -> Kind:
    if component:
        return Kind.VULNERABILITY
    return Kind.SECRET if secret else Kind.WEAKNESS


def _component(item: Mapping[str, Any]) -> Component | None:
    """Of a Supply Chain finding: the package found, and what the platform says to move to."""
    found = item.get("found_dependency")
    if not isinstance(found, Mapping) or not found.get("package"):
        return None
    system = ecosystem(found.get("ecosystem"))
    return Component(
        ecosystem=system,
        name=str(found["package"]),
        version=versioned(system, found.get("version")),
        fixed=texts([dug(fix, "version") for fix in listed(item.get("fix_recommendations"))]),
    )


FORMAT = Format(
    id="semgrep-pro",
    title="Semgrep platform findings",
    docs="https://semgrep.dev/api/v1/docs/",
    recognises=recognises,
    records=records,
)
