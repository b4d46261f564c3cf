"""`composer audit --format json`: advisories by package, and packages that nobody keeps up."""

from collections.abc import Iterator
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.npm import ghsa
from vallum_engine.parsers.words import UNRATED, cves, dug, first_line, listed, severity, texts


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict) or not isinstance(value.get("advisories"), dict | list) or "metadata" in value:
        return False
    return "abandoned" in value or any(dug(listed(items), 0, "advisoryId") for items in _values(value["advisories"]))


def _values(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []


def records(document: Document) -> Iterator[Record]:
    value = document.json
    for key, mark in (("advisories", Mark.NONE), ("ignored-advisories", Mark.SUPPRESSED)):
        packages = value.get(key)
        # PHP writes an empty map as a list, and a list with gaps as a map.
        for package, items in packages.items() if isinstance(packages, dict) else ():
            advisories = items.items() if isinstance(items, dict) else enumerate(listed(items))
            for index, item in advisories:
                yield _advisory(f"{key}.{package}[{index}]", str(package), item, mark)
    abandoned = value.get("abandoned")
    for package, replacement in abandoned.items() if isinstance(abandoned, dict) else ():
        yield _abandoned(f"abandoned.{package}", str(package), replacement)


def _advisory(at: str, package: str, item: Any, mark: Mark) -> Record:
    title = first_line(dug(item, "title"))
    sources = [dug(source, "remoteId") for source in listed(dug(item, "sources"))]
    ids = (*cves(dug(item, "cve")), *ghsa(dug(item, "link"), *sources), *texts(dug(item, "advisoryId")))
    if not isinstance(item, dict) or not (ids or title):
        return Rejected(at=at, why="it names no advisory")
    affected = str(item.get("affectedVersions") or "")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=next(iter(ids), title),
        title=f"{package}: {title or ids[0]}",
        severity=severity(item.get("severity"), UNRATED),
        confidence=Confidence.HIGH,
        message=f"{title or ids[0]}. Affected: {package} {affected}".strip(),
        component=Component(ecosystem="Packagist", name=package),
        ids=ids,
        references=texts(item.get("link")),
        mark=mark,
    )


def _abandoned(at: str, package: str, replacement: Any) -> Record:
    instead = replacement if isinstance(replacement, str) else ""
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule="abandoned-package",
        title=f"{package} is abandoned",
        severity=Severity.LOW,
        confidence=Confidence.HIGH,
        message=f"Nobody keeps {package} up any more: holes found in it from now on stay open.",
        component=Component(ecosystem="Packagist", name=package),
        steps=(f"Use {instead} instead.",) if instead else (),
    )


FORMAT = Format(
    id="composer-audit",
    title="Composer audit",
    docs="https://getcomposer.org/doc/03-cli.md#audit",
    recognises=recognises,
    records=records,
)
