"""`govulncheck -json`: a stream of messages (or a list of them), and the one object of before 1.0."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Location
from vallum_engine.parsers import osv
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import versioned
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, one
from vallum_engine.parsers.words import dug, first_line, listed, place, texts

_OF_MESSAGES = ("config", "SBOM", "progress", "osv", "finding")


def _messages(document: Document) -> Sequence[Any]:
    value = document.json
    return value if isinstance(value, list) else document.jsons


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, dict) and isinstance(value.get("Vulns"), list | None):
        return {"Calls", "Imports", "Requires", "Vulns", "Modules"} <= value.keys()
    return bool(dug(_config(document), "scanner_name") == "govulncheck")


def _config(document: Document) -> Any:
    return dug(next(iter(_messages(document)), None), "config")


def records(document: Document) -> Iterator[Record]:
    value = document.json
    if isinstance(value, dict) and "Vulns" in value:
        yield from each(value["Vulns"], "Vulns", partial(_of_before, value))
        return
    messages = _messages(document)
    advisories = {str(dug(m, "osv", "id")): m["osv"] for m in messages if dug(m, "osv", "id")}
    reached = _reached(messages)
    for index, message in enumerate(messages):
        at = f"message {index + 1}"
        if not isinstance(message, dict) or not any(key in message for key in _OF_MESSAGES):
            yield Rejected(at=at, why="it is no message of govulncheck's")
        elif "finding" in message:
            yield one(at, message["finding"], partial(_finding, advisories, reached))


def _reached(messages: Sequence[Any]) -> Mapping[tuple[str, str], Confidence]:
    """One vulnerability comes up to three times: its module is required, its package imported, its function called."""
    found: dict[tuple[str, str], Confidence] = {}
    for message in messages:
        first = dug(message, "finding", "trace", 0)
        level = Confidence.HIGH if dug(first, "function") else Confidence.MEDIUM
        level = level if dug(first, "package") else Confidence.LOW
        key = (str(dug(message, "finding", "osv")), str(dug(first, "module")))
        found[key] = max(level, found.get(key, level), key=lambda c: c.rank)
    return found


def _finding(
    advisories: Mapping[str, Mapping[str, Any]],
    reached: Mapping[tuple[str, str], Confidence],
    at: str,
    finding: Mapping[str, Any],
) -> Record:
    known, trace = str(finding.get("osv") or ""), list(listed(finding.get("trace")))
    module = str(dug(trace, 0, "module") or "")
    if not known or not module:
        return Rejected(at=at, why="it names no vulnerability or no module")
    steps = [".".join(texts([dug(t, "package") or dug(t, "module"), dug(t, "function")])) for t in trace]
    # The last place of the trace is the user's own code.
    own: Mapping[str, Any] = next((t["position"] for t in reversed(trace) if isinstance(dug(t, "position"), dict)), {})
    return _sighting(
        at,
        advisories.get(known, {"id": known}),
        Component(
            ecosystem="Go",
            name=module,
            version=versioned("Go", dug(trace, 0, "version")),
            fixed=texts(versioned("Go", finding.get("fixed_version"))),
        ),
        reached.get((known, module), Confidence.LOW),
        (" ← ".join(steps), place(own.get("filename"), own.get("line"))),
    )


def _of_before(value: Mapping[str, Any], at: str, item: Mapping[str, Any]) -> Record:
    """One for each vulnerable symbol; the sinks say by number whether it is called, imported or required."""
    record, module = item.get("OSV"), str(item.get("ModPath") or "")
    if not isinstance(record, dict) or not record.get("id") or not module:
        return Rejected(at=at, why="it names no vulnerability or no module")
    sure = Confidence.HIGH if item.get("CallSink") else Confidence.MEDIUM if item.get("ImportSink") else Confidence.LOW
    version = versioned("Go", dug(value, "Requires", "Modules", str(item.get("RequireSink")), "Version"))
    return _sighting(
        at,
        record,
        Component(ecosystem="Go", name=module, version=version, fixed=osv.fixed(record, module)),
        sure,
        (".".join(texts([item.get("PkgPath"), item.get("Symbol")])), ()),
    )


def _sighting(
    at: str,
    record: Mapping[str, Any],
    component: Component,
    sure: Confidence,
    where: tuple[str, tuple[Location, ...]],
) -> Record:
    known = str(record["id"])
    summary = first_line(record.get("summary") or record.get("details")) or known
    trace, places = where
    return Sighting(
        at=at,
        kind=osv.kind(record),
        rule=known,
        title=f"{component.name}: {summary}",
        severity=osv.rated(record),
        confidence=sure,
        message=str(record.get("details") or summary),
        locations=places,
        component=component,
        ids=(known, *texts(record.get("aliases"))),
        cwes=osv.weaknesses(record),
        cvss=osv.scored(record),
        evidence=trace,
        references=texts([dug(record, "database_specific", "url"), *osv.references(record)]),
    )


def tool(document: Document) -> str:
    return str(dug(_config(document), "scanner_version") or "")


FORMAT = Format(
    id="govulncheck",
    title="govulncheck",
    docs="https://pkg.go.dev/golang.org/x/vuln/cmd/govulncheck",
    recognises=recognises,
    records=records,
    tool=tool,
)
