"""Semgrep's JSON (`semgrep --json`): code, dependencies (Supply Chain) and secrets."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading, missed
from vallum_engine.parsers.words import (
    confidence,
    cwes,
    dug,
    first_line,
    leaked,
    listed,
    place,
    severity,
    squeezed,
    texts,
)

# Stands where a value is shown to customers only: it tells nothing apart.
_WITHHELD = "requires login"


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or not isinstance(value.get("results"), list) or "errors" not in value:
        return False
    if not value["results"]:
        return isinstance(dug(value, "paths", "scanned"), list)
    return {"check_id", "path", "start", "extra"} <= leading(value["results"]).keys()


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["results"], "results", _record)
    yield from missed(document.json.get("errors"), "errors", _error)


def _error(error: Any) -> str:
    """A warning is of a part of a file; an error ends a rule or a file."""
    if str(dug(error, "level")).lower() != "error":
        return ""
    return f"Semgrep could not look at {dug(error, 'path') or 'all of it'}: {first_line(dug(error, 'message'))}"


def _record(at: str, item: Mapping[str, Any]) -> Record:
    rule, extra = str(item["check_id"]), item["extra"]
    if not isinstance(extra, Mapping):
        return Rejected(at=at, why="it has no `extra`, which says what was found")
    if extra.get("validation_state") == "CONFIRMED_INVALID":
        return Passed(at=at)
    metadata = extra.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    message, weaknesses = str(extra.get("message") or ""), cwes(metadata.get("cwe"))
    lines = _given(extra.get("lines"))
    secret = leaked(weaknesses) or ".secrets." in rule
    if secret:
        message = _without_values(message, extra)
    component = _component(extra, metadata)
    return Sighting(
        at=at,
        kind=Kind.SECRET if secret else Kind.VULNERABILITY if component else Kind.WEAKNESS,
        rule=rule,
        title=first_line(message) or rule,
        # Of the three levels of before, INFO is the documentation's "low".
        severity=severity(metadata.get("sca-severity") or extra.get("severity"), info=Severity.LOW),
        confidence=_confidence(extra, metadata),
        message=message,
        locations=place(item.get("path"), dug(item, "start", "line"), dug(item, "end", "line")),
        component=component,
        ids=texts(metadata.get("sca-vuln-database-identifier")) if component else (),
        cwes=weaknesses,
        evidence="" if secret else first_line(lines, 400),
        steps=texts(f"Replace it with: {extra['fix']}") if extra.get("fix") and not secret else (),
        references=texts([metadata.get("source"), *listed(metadata.get("references"))]),
        anchor=texts(_given(extra.get("fingerprint")) or ("" if secret else squeezed(lines))),
        secret=squeezed(lines).encode() if secret else b"",
        mark=Mark.SUPPRESSED if extra.get("is_ignored") is True else Mark.NONE,
    )


def _given(value: object) -> str:
    text = str(value or "")
    return "" if text == _WITHHELD else text


def _without_values(message: str, extra: Mapping[str, Any]) -> str:
    """A rule may quote what it matched in its message: of a secret that is the value."""
    bound = extra.get("metavars")
    for name, variable in bound.items() if isinstance(bound, Mapping) else ():
        if value := str(dug(variable, "abstract_content") or ""):
            message = message.replace(value, str(name))
    return message


def _confidence(extra: Mapping[str, Any], metadata: Mapping[str, Any]) -> Confidence:
    if extra.get("validation_state") == "CONFIRMED_VALID" or dug(extra, "sca_info", "reachable") is True:
        return Confidence.HIGH
    return confidence(metadata.get("confidence"))


def _component(extra: Mapping[str, Any], metadata: Mapping[str, Any]) -> Component | None:
    found = dug(extra, "sca_info", "dependency_match", "found_dependency")
    if not isinstance(found, Mapping) or not found.get("package"):
        return None
    name, system = str(found["package"]), ecosystem(found.get("ecosystem"))
    fixes = [dug(fix, name) for fix in listed(metadata.get("sca-fix-versions"))]
    return Component(
        ecosystem=system,
        name=name,
        version=versioned(system, found.get("version")),
        fixed=texts(fixes),
    )


def tool(document: Document) -> str:
    return str(document.json.get("version") or "")


FORMAT = Format(
    id="semgrep",
    title="Semgrep",
    docs="https://semgrep.dev/docs/semgrep-appsec-platform/json-and-sarif",
    recognises=recognises,
    records=records,
    tool=tool,
)
