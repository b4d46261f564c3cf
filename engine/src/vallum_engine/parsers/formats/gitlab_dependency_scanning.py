"""GitLab's report of dependency scanning (`gl-dependency-scanning-report.json`)."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers import gitlab
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem, versioned
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import UNRATED, dug, first_line, listed, place, severity, vector


def recognises(document: Document) -> bool:
    return gitlab.is_report(document, "dependency_scanning", "file", "dependency")


def records(document: Document) -> Iterator[Record]:
    value = document.json
    # Which package manager wrote a file stands beside the list of its dependencies.
    managers = {
        str(dug(file, "path")): ecosystem(dug(file, "package_manager"))
        for file in listed(value.get("dependency_files"))
    }
    yield from each(value["vulnerabilities"], "vulnerabilities", partial(_vulnerability, managers))
    yield from gitlab.unfinished(document)


def _vulnerability(managers: Mapping[str, str], at: str, item: Mapping[str, Any]) -> Record:
    path = str(dug(item, "location", "file") or "")
    dependency = dug(item, "location", "dependency")
    name = str(dug(dependency, "package", "name") or "")
    ids = gitlab.ids(item)
    title = first_line(item.get("name") or item.get("message") or next(iter(ids), ""))
    if not title or not ids:
        return Rejected(at=at, why="it names no vulnerability (`identifiers`)")
    kind = managers.get(path, "")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=ids[0],
        title=f"{name}: {title}" if name else title,
        severity=severity(item.get("severity"), UNRATED, unknown=UNRATED),
        confidence=Confidence.HIGH,
        message=str(item.get("description") or item.get("message") or title),
        locations=place(path),
        component=Component(ecosystem=kind, name=name, version=versioned(kind, dug(dependency, "version")))
        if name
        else None,
        ids=(*ids, *gitlab.aliases(item)),
        cwes=gitlab.weaknesses(item),
        cvss=vector(*(dug(score, "vector") for score in listed(item.get("cvss_vectors")))),
        steps=gitlab.steps(item),
        references=gitlab.references(item),
        anchor=() if name else (str(item.get("message") or ""),),
        mark=gitlab.mark(item),
    )


FORMAT = Format(
    id="gitlab-dependency-scanning",
    title="GitLab dependency scanning",
    docs="https://docs.gitlab.com/user/application_security/dependency_scanning/",
    recognises=recognises,
    records=records,
    tool=gitlab.tool,
)
