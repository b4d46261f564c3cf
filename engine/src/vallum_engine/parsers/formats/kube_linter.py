"""KubeLinter's JSON."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import dug, first_line, listed, place, texts


def recognises(document: Document) -> bool:
    return isinstance(document.json, dict) and {"Checks", "Reports", "Summary"} <= document.json.keys()


def records(document: Document) -> Iterator[Record]:
    value = document.json
    checks = {str(c.get("name")): str(c.get("description") or "") for c in listed(value["Checks"]) if _named(c)}
    yield from each(value["Reports"], "Reports", partial(_report, checks))


def _named(check: object) -> bool:
    return isinstance(check, dict) and "name" in check


def _report(checks: Mapping[str, str], at: str, report: Mapping[str, Any]) -> Record:
    message, rule = str(dug(report, "Diagnostic", "Message") or ""), str(report.get("Check") or "")
    described = dug(report, "Object", "K8sObject")
    parts = (dug(described, "Namespace"), dug(described, "GroupVersionKind", "Kind"), dug(described, "Name"))
    resource = "/".join(str(part) for part in parts if part)
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=rule,
        title=first_line(message or rule),
        # It grades nothing.
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH,
        message="\n\n".join(texts([f"{resource}: {message}", checks.get(rule)])),
        locations=place(dug(report, "Object", "Metadata", "FilePath") or resource),
        evidence=resource,
        steps=texts(report.get("Remediation")),
        anchor=(resource, message),
    )


def tool(document: Document) -> str:
    return str(dug(document.json, "Summary", "KubeLinterVersion") or "")


FORMAT = Format(
    id="kube-linter",
    title="KubeLinter",
    docs="https://docs.kubelinter.io/#/using-kubelinter",
    recognises=recognises,
    records=records,
    tool=tool,
)
