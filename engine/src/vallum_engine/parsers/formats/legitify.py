"""Legitify's JSON in its flattened scheme: policies of a code host, each with whom it was checked on."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.words import dug, first_line, place, severity, texts


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or value.get("type") != "flattened":
        return False
    content = value.get("content")
    return isinstance(content, dict) and all(dug(policy, "policyInfo") for policy in list(content.values())[:3])


def records(document: Document) -> Iterator[Record]:
    for name, policy in document.json["content"].items():
        at = f"content[{name}]"
        if not isinstance(policy, dict):
            yield Rejected(at=at, why=NO_OBJECT)
            continue
        about = policy.get("policyInfo") or {}
        yield from each(policy.get("violations"), f"{at}.violations", partial(_violation, str(name), about))


def _violation(name: str, policy: Mapping[str, Any], at: str, violation: Mapping[str, Any]) -> Record:
    status = violation.get("status")
    if status != "FAILED":
        # Skipped: the token may not look, or the host's plan does not have it.
        return Passed(at=at) if status in {"PASSED", "SKIPPED"} else Rejected(at=at, why="it has no known status")
    aux = violation.get("aux")
    facts = sorted(aux.items()) if isinstance(aux, dict) else ()
    title = str(policy.get("title") or name)
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(policy.get("policyName") or name),
        title=first_line(title),
        severity=severity(policy.get("severity"), Severity.MEDIUM),
        confidence=Confidence.HIGH,
        message="\n\n".join(texts([policy.get("description") or title, *texts(policy.get("threat"))])),
        locations=place(violation.get("canonicalLink")),
        evidence=", ".join(f"{key}: {value}" for key, value in facts if isinstance(value, str)),
        steps=texts(policy.get("remediationSteps")),
        anchor=(str(violation.get("violationEntityType") or ""), str(dug(aux, "entityId") or "")),
    )


FORMAT = Format(
    id="legitify",
    title="Legitify",
    docs="https://github.com/Legit-Labs/legitify#output-options",
    recognises=recognises,
    records=records,
)
