"""kubeaudit's JSON: a log, one line a result."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import first_line, place, severity

# The log's own columns, and what says where: all others tell what exactly is wrong there.
_COMMON = frozenset({"AuditResultName", "level", "msg", "time"})
_RESOURCE = ("ResourceNamespace", "ResourceKind", "ResourceName")


def recognises(document: Document) -> bool:
    if '"AuditResultName"' not in document.text or document.head[:1] != "{":
        return False
    return any(isinstance(line, dict) and "AuditResultName" in line for line in document.jsons)


def records(document: Document) -> Iterator[Record]:
    yield from each(list(document.jsons), "log", _line)


def _line(at: str, line: Mapping[str, Any]) -> Record:
    level, message = str(line.get("level") or ""), str(line.get("msg") or "")
    if "AuditResultName" not in line:
        failed = level in {"error", "fatal", "panic"}
        return Rejected(at=at, why=f"the tool failed: {message}") if failed else Passed(at=at)
    if level == "info":  # “no action is required”: allowed by a label of the resource, for one
        return Passed(at=at)
    resource = "/".join(str(line[part]) for part in _RESOURCE if line.get(part))
    extra = [f"{k}={v}" for k, v in sorted(line.items()) if k not in _COMMON and not k.startswith("Resource")]
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(line.get("AuditResultName") or ""),
        title=first_line(message),
        severity=severity(level, Severity.MEDIUM),
        confidence=Confidence.HIGH,
        message=message,
        locations=place(resource),
        evidence=", ".join(extra),
        anchor=tuple(extra),
    )


FORMAT = Format(
    id="kubeaudit",
    title="kubeaudit",
    docs="https://github.com/Shopify/kubeaudit#audit-results",
    recognises=recognises,
    records=records,
)
