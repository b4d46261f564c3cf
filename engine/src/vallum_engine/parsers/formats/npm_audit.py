"""`npm audit --json`: by advisory (npm 6), and by package (npm 7 and later)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.npm import advisory, ghsa
from vallum_engine.parsers.words import cwes, dug, first_line, listed, place, severity, texts, vector


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict):
        return False
    if "auditReportVersion" in value:
        return isinstance(value.get("vulnerabilities"), dict)
    return {"actions", "advisories", "muted"} <= value.keys()


def records(document: Document) -> Iterator[Record]:
    value = document.json
    if "advisories" not in value:
        for name, package in value["vulnerabilities"].items():
            yield from _package(f"vulnerabilities.{name}", str(name), package)
        return
    for key, item in value["advisories"].items():
        at = f"advisories.{key}"
        if isinstance(item, dict):
            yield from advisory(at, item)
        else:
            yield Rejected(at=at, why="it is no object")


def _package(at: str, name: str, package: Any) -> Iterator[Record]:
    if not isinstance(package, dict) or not isinstance(package.get("via"), list):
        yield Rejected(at=at, why="it is no package with its advisories (`via`)")
        return
    own = [(f"{at}.via[{i}]", via) for i, via in enumerate(package["via"]) if not isinstance(via, str)]
    if not own:
        # It needs a vulnerable package: the advisory stands there.
        yield Passed(at=at)
    for where, via in own:
        yield _via(where, name, package, via)


def _via(at: str, name: str, package: Mapping[str, Any], via: Any) -> Record:
    title = first_line(dug(via, "title"))
    ids = ghsa(dug(via, "url"))
    if not title and not ids:
        return Rejected(at=at, why="it names no advisory")
    places = tuple(location for node in listed(package.get("nodes")) for location in place(node))
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=next(iter(ids), "") or str(via.get("source") or title),
        title=f"{name}: {title}",
        severity=severity(via.get("severity") or package.get("severity")),
        confidence=Confidence.HIGH,
        message=f"{title}. Affected: {name} {via.get('range') or package.get('range') or ''}".strip(),
        locations=places,
        component=Component(ecosystem="npm", name=name),
        ids=ids,
        cwes=cwes(via.get("cwe")),
        cvss=vector(dug(via, "cvss", "vectorString")),
        steps=_steps(name, package.get("fixAvailable")),
        references=texts(via.get("url")),
    )


def _steps(name: str, fix: Any) -> tuple[str, ...]:
    """`true`: an update within the ranges asked for ends it. An object: the direct dependency to move, and where to."""
    if fix is True:
        return (f"Run npm audit fix: it updates {name} within the ranges that are asked for.",)
    if not isinstance(fix, dict) or not fix.get("name"):
        return ()
    breaking = " (a major version: it may break)" if fix.get("isSemVerMajor") else ""
    return (f"Upgrade {fix['name']} to {fix.get('version') or 'a later version'}{breaking}.",)


FORMAT = Format(
    id="npm-audit",
    title="npm audit",
    docs="https://github.com/npm/cli/blob/latest/docs/lib/content/commands/npm-audit.md",
    recognises=recognises,
    records=records,
)
