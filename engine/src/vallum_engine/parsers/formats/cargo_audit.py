"""`cargo audit --json`: vulnerabilities, and warnings of crates that are unmaintained, unsound or yanked."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import UNRATED, dug, first_line, of_vector, texts, vector

# As RustSec means them: none is a known hole, an unsound crate may become one.
_INFORMATIONAL = {"notice": Severity.INFO, "unmaintained": Severity.INFO, "unsound": Severity.LOW}


def recognises(document: Document) -> bool:
    value = document.json
    return isinstance(value, dict) and "lockfile" in value and isinstance(dug(value, "vulnerabilities", "list"), list)


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["vulnerabilities"]["list"], "vulnerabilities.list", _vulnerability)
    warnings = document.json.get("warnings")
    for kind, items in warnings.items() if isinstance(warnings, dict) else ():
        yield from each(items, f"warnings.{kind}", _warning)


def _component(item: Mapping[str, Any]) -> Component:
    return Component(
        ecosystem="crates.io",
        name=str(dug(item, "package", "name") or ""),
        version=str(dug(item, "package", "version") or ""),
        fixed=tuple(
            range_.removeprefix(">=").strip()
            for range_ in texts(dug(item, "versions", "patched"))
            if range_.startswith(">=") and "," not in range_
        ),
    )


def _vulnerability(at: str, item: Mapping[str, Any]) -> Record:
    component, known = _component(item), str(dug(item, "advisory", "id") or "")
    if not component.name or not known:
        return Rejected(at=at, why="it names no package or no advisory")
    advisory = item["advisory"]
    title, scored = first_line(advisory.get("title")) or known, vector(advisory.get("cvss"))
    informational = str(advisory.get("informational") or "")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{component.name}: {title}",
        severity=of_vector(scored, _INFORMATIONAL.get(informational, UNRATED)),
        confidence=Confidence.HIGH,
        message=str(advisory.get("description") or title),
        component=component,
        ids=(known, *texts(advisory.get("aliases"))),
        cvss=scored,
        references=(*texts(advisory.get("url")), *texts(advisory.get("references"))),
    )


def _warning(at: str, item: Mapping[str, Any]) -> Record:
    if item.get("advisory"):
        return _vulnerability(at, item)
    component, kind = _component(item), str(item.get("kind") or "")
    if not component.name or not kind:
        return Rejected(at=at, why="it names no package or no kind of warning")
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=f"{kind}-crate",
        title=f"{component.name} {component.version} is {kind}",
        severity=Severity.LOW,
        confidence=Confidence.HIGH,
        message=f"The lockfile asks for {component.name} {component.version}, which is {kind}.",
        component=component,
    )


FORMAT = Format(
    id="cargo-audit",
    title="cargo-audit",
    docs="https://github.com/rustsec/rustsec/tree/main/cargo-audit",
    recognises=recognises,
    records=records,
)
