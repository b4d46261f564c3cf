"""GitLab's report of container scanning (`gl-container-scanning-report.json`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers import gitlab
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import distribution
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import UNRATED, dug, first_line, listed, place, severity, vector


def recognises(document: Document) -> bool:
    return gitlab.is_report(document, "container_scanning", "image", "dependency")


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json["vulnerabilities"], "vulnerabilities", _vulnerability)
    yield from gitlab.unfinished(document)


def _vulnerability(at: str, item: Mapping[str, Any]) -> Record:
    location = item["location"]
    dependency = location.get("dependency")
    name, ids = str(dug(dependency, "package", "name") or ""), gitlab.ids(item)
    if not ids or not name:
        return Rejected(at=at, why="it names no vulnerability or no package")
    about = str(item.get("description") or "")
    title = first_line(item.get("name")) or first_line(about, 120) or ids[0]
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=ids[0],
        title=f"{name}: {title}",
        severity=severity(item.get("severity"), UNRATED, unknown=UNRATED),
        confidence=Confidence.HIGH,
        message=about,
        # Since version 14.1 the image as it is on the default branch: a tag changes with every build.
        locations=place(location.get("default_branch_image") or location.get("image")),
        component=Component(
            ecosystem=distribution(location.get("operating_system")),
            name=name,
            version=str(dug(dependency, "version") or ""),
        ),
        ids=(*ids, *gitlab.aliases(item)),
        cwes=gitlab.weaknesses(item),
        cvss=vector(*(dug(score, "vector") for score in listed(item.get("cvss_vectors")))),
        steps=gitlab.steps(item),
        references=gitlab.references(item),
        mark=gitlab.mark(item),
    )


FORMAT = Format(
    id="gitlab-container-scanning",
    title="GitLab container scanning",
    docs="https://docs.gitlab.com/user/application_security/container_scanning/",
    recognises=recognises,
    records=records,
    tool=gitlab.tool,
)
