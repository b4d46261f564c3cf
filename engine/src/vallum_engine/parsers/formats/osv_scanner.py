"""`osv-scanner --format json`."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers import osv
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import versioned
from vallum_engine.parsers.format import Component, Format, Mark, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.words import dug, first_line, listed, place, texts


def recognises(document: Document) -> bool:
    value = document.json
    results = value.get("results") if isinstance(value, dict) else None
    if not isinstance(results, list):
        return False
    if not results:
        return "experimental_config" in value
    return isinstance(dug(results, 0, "packages"), list) and isinstance(dug(results, 0, "source"), dict)


def records(document: Document) -> Iterator[Record]:
    for index, result in enumerate(document.json["results"]):
        places = place(dug(result, "source", "path"))
        for number, item in enumerate(listed(dug(result, "packages"))):
            at = f"results[{index}].packages[{number}]"
            name = str(dug(item, "package", "name") or dug(item, "package", "commit") or "")
            if not isinstance(item, dict):
                yield Rejected(at=at, why=NO_OBJECT)
            elif not name:
                yield Rejected(at=at, why="it names no package")
            else:
                make = partial(_vulnerability, item, name, places)
                yield from each(item.get("vulnerabilities"), f"{at}.vulnerabilities", make)
                yield from _licences(f"{at}.license_violations", item, name, places)


def _vulnerability(
    item: Mapping[str, Any], name: str, places: tuple[Location, ...], at: str, record: Mapping[str, Any]
) -> Record:
    known = str(record.get("id") or "")
    if not known:
        return Rejected(at=at, why="it names no vulnerability (`id`)")
    package = item["package"]
    # OSV adds a distribution's release: `Debian:12`.
    ecosystem = str(package.get("ecosystem") or "").partition(":")[0]
    summary = first_line(record.get("summary") or record.get("details")) or known
    return Sighting(
        at=at,
        kind=osv.kind(record),
        rule=known,
        title=f"{name}: {summary}",
        severity=osv.rated(record),
        confidence=Confidence.HIGH,
        message=str(record.get("details") or summary),
        locations=places,
        component=Component(
            ecosystem=ecosystem,
            name=name,
            version=versioned(ecosystem, package.get("version")),
            fixed=osv.fixed(record, name),
        ),
        ids=(known, *texts(record.get("aliases"))),
        cwes=osv.weaknesses(record),
        cvss=osv.scored(record),
        references=osv.references(record),
        mark=Mark.SUPPRESSED if _is_hidden(item, known) else Mark.NONE,
    )


def _is_hidden(item: Mapping[str, Any], known: str) -> bool:
    """The scanner leaves it out of its own table: the code is never called, or the distribution calls it unimportant."""
    for group in listed(item.get("groups")):
        analysis = dug(group, "experimentalAnalysis", known) or dug(group, "experimental_analysis", known)
        if dug(analysis, "called") is False or dug(analysis, "unimportant") is True:
            return True
    return False


def _licences(at: str, item: Mapping[str, Any], name: str, places: tuple[Location, ...]) -> Iterator[Record]:
    version = str(dug(item, "package", "version") or "")
    for index, licence in enumerate(texts(item.get("license_violations"))):
        yield Sighting(
            at=f"{at}[{index}]",
            kind=Kind.LICENCE,
            rule=licence,
            title=f"{name} under {licence}",
            severity=Severity.MEDIUM,
            confidence=Confidence.HIGH,
            message=f"{name} {version} is under {licence}, which the list of allowed licences does not hold.",
            locations=places,
            component=Component(ecosystem=str(dug(item, "package", "ecosystem") or ""), name=name, version=version),
        )


FORMAT = Format(
    id="osv-scanner",
    title="OSV-Scanner",
    docs="https://google.github.io/osv-scanner/output/#json",
    recognises=recognises,
    records=records,
)
