"""Gradle: `gradle/verification-metadata.xml`, the checksums of all that a build may fetch.

https://docs.gradle.org/current/userguide/dependency_verification.html. A version of which only metadata is listed (`.pom`,
`.module`) was looked at and not taken, so it is left out.
"""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Gap
from vallum_engine.sca.lockfiles.located_xml import Element, tree

TODO = "Write it anew with `gradle --write-verification-metadata sha256 help`."
_METADATA = (".pom", ".module", ".xml")


def extract(file: File) -> Iterator[Entry]:
    """Yield every component that was taken. Raises BrokenData."""
    components = tree(file, TODO).first("components")
    for element in components.each("component") if components else ():
        group, name, version = (element.attributes.get(key, "").strip() for key in ("group", "name", "version"))
        if not group or not name or not version:
            yield Gap(line=element.line, readable=False)
        elif _is_taken(element):
            location = Location(path=file.path, line=element.line, end_line=element.line)
            yield Package(ecosystem="Maven", name=f"{group}:{name}", version=version, location=location)


def _is_taken(component: Element) -> bool:
    artifacts = [artifact.attributes.get("name", "") for artifact in component.each("artifact")]
    return not artifacts or not all(name.endswith(_METADATA) for name in artifacts)
