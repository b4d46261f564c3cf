"""What a jar says of itself: `META-INF/maven/…/pom.properties`, else `pom.xml` beside it, else `META-INF/MANIFEST.MF`.

The archive is read as a source, so its members are files like any other. A jar that others were packed into names each of
them. A manifest names a version, and only sometimes the coordinates that advisories know; Spring's and Tomcat's, which are not
built by Maven and have nothing else, name their module.
"""

import re
from collections.abc import Iterator, Mapping

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Left, licence_of, text_of
from vallum_engine.sca.lockfiles.located_xml import tree
from vallum_engine.values import immutable, replace

TODO = "Build the archive again."
_KEYS = ("groupId", "artifactId", "version")
_PROPERTY = re.compile(r"\s*(groupId|artifactId|version)\s*[=:]\s*(\S+)\s*")
_ARTIFACT = re.compile(r"[a-z0-9][a-z0-9._-]*")
_VERSION = re.compile(r"\d\S*")
_UNKNOWN = "a manifest without Maven coordinates: what it is of is not known"
_SPRING_GROUPS = {
    "spring-boot": "org.springframework.boot",
    "spring-integration": "org.springframework.integration",
    "spring-security": "org.springframework.security",
}
"""Projects of Spring that Gradle builds, beside its framework: by how their artifacts begin, to the group."""
_FRAMEWORK = re.compile(
    r"spring-(?:aop|aspects|beans|context(?:-indexer|-support)?|core|expression|instrument|jcl|jdbc|jms|messaging|orm|oxm|r2dbc"
    r"|test|tx|web|webflux|webmvc|websocket)"
)
_TOMCAT = "org.apache.tomcat-embed-"


@immutable
class Coordinates:
    """`name` is `group:artifact`; empty where the file does not say it."""

    name: str
    version: str
    line: int = 1
    licence: str = ""


def extract(file: File) -> Iterator[Entry]:
    """What one file says without the others. Raises BrokenData."""
    return (entry for _, entry in join({file.path: read(file)}))


def read(file: File) -> Coordinates:
    """Raises BrokenData."""
    if file.path.endswith("/pom.xml"):
        root = tree(file, TODO)
        said = [root.said(key) or root.said("parent", key) for key in _KEYS]
        named = root.first("licenses")
        licence = licence_of([each.said("name") for each in named.each("license")] if named else "")
        return replace(_coordinates(dict(zip(_KEYS, said, strict=True)), line=root.line), licence=licence)
    text = text_of(file, TODO)
    if file.path.endswith("/pom.properties"):
        found = [_PROPERTY.fullmatch(line) for line in text.split("\n")]
        return _coordinates({pair[1]: pair[2] for pair in found if pair}, line=1)
    return _of_manifest(_main_attributes(text))


def _coordinates(said: Mapping[str, str], *, line: int) -> Coordinates:
    group, artifact, version = (said.get(key, "") for key in _KEYS)
    if not group or not artifact or "$" in group + artifact + version:
        return Coordinates(name="", version="", line=line)
    return Coordinates(name=f"{group}:{artifact}", version=version, line=line)


def _main_attributes(text: str) -> Mapping[str, str]:
    """The first section of a manifest; a line that begins with a blank continues the one before it."""
    section = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    lines = re.sub(r"\r?\n ", "", section).splitlines()
    return {name.strip(): value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}


def _of_manifest(said: Mapping[str, str]) -> Coordinates:
    """Its vendor's id is the group by custom, its title the artifact, where it looks like one."""
    group, artifact = said.get("Implementation-Vendor-Id", ""), said.get("Implementation-Title", "")
    version = said.get("Implementation-Version") or said.get("Bundle-Version") or ""
    licence = licence_of(said.get("Bundle-License"))
    if _ARTIFACT.fullmatch(group) and _ARTIFACT.fullmatch(artifact) and _VERSION.fullmatch(version):
        return Coordinates(name=f"{group}:{artifact}", version=version, licence=licence)
    name = _of_module(said) if _VERSION.fullmatch(version) else ""
    return Coordinates(name=name, version=version, licence=licence)


def _of_module(said: Mapping[str, str]) -> str:
    """The coordinates of what is known by its module (`spring.security.web`) or bundle alone; empty for anything else."""
    bundle = said.get("Bundle-SymbolicName", "").partition(";")[0].strip()
    if bundle.startswith(_TOMCAT):
        return f"org.apache.tomcat.embed:{bundle.removeprefix('org.apache.')}"
    artifact = said.get("Automatic-Module-Name", "").replace(".", "-")
    if not _ARTIFACT.fullmatch(artifact):
        return ""
    if _FRAMEWORK.fullmatch(artifact):
        return f"org.springframework:{artifact}"
    project = "-".join(artifact.split("-")[:2])
    return f"{_SPRING_GROUPS[project]}:{artifact}" if project in _SPRING_GROUPS else ""


def join(files: Mapping[str, Coordinates]) -> Iterator[tuple[str, Entry]]:
    """The best that each jar has: a file that says less than another of its folder is not listed."""
    roots = {path.rpartition("META-INF/")[0] for path, own in files.items() if own.name and "/maven/" in path}
    for path, own in files.items():
        of_manifest = path.endswith("META-INF/MANIFEST.MF")
        if own.name and not (of_manifest and path.rpartition("META-INF/")[0] in roots) and not _has_better(path, files):
            location = Location(path=path, line=own.line, end_line=own.line)
            licence = own.licence or _licence_beside(path, files)
            yield (
                path,
                Package(ecosystem="Maven", name=own.name, version=own.version, location=location, licence=licence),
            )
        elif of_manifest and own.version and path.rpartition("META-INF/")[0] not in roots:
            yield path, Left(line=own.line, why=_UNKNOWN)


def _licence_beside(path: str, files: Mapping[str, Coordinates]) -> str:
    """What `pom.xml` beside `pom.properties` declares, or the manifest of the jar that both are of."""
    folder = path.rpartition("/")[0]
    others = (f"{folder}/pom.xml", f"{path.rpartition('META-INF/')[0]}META-INF/MANIFEST.MF")
    return next((files[other].licence for other in others if other in files and files[other].licence), "")


def _has_better(path: str, files: Mapping[str, Coordinates]) -> bool:
    folder, _, name = path.rpartition("/")
    better = files.get(f"{folder}/pom.properties")
    return name == "pom.xml" and better is not None and bool(better.name)
