"""Maven: `pom.xml`, with properties, parents and imported lists of versions as far as they lie in the scanned tree.

https://maven.apache.org/pom.html. What a pom asks for stands here, not what Maven would find by that; build plug-ins and
extensions are left out. Profiles count where they are on by default; the others are said to be left out.
"""

from collections.abc import Iterator, Mapping

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles.entry import Entry, Left, broken
from vallum_engine.sca.lockfiles.located_xml import Element, tree
from vallum_engine.sca.lockfiles.pom_join import Pom, Poms, Wish

TODO = "See what `mvn validate` says of it."
PROFILES = "profiles that may be on or off are left out"


def extract(file: File) -> Iterator[Entry]:
    """What one file says without the others. Raises BrokenData."""
    return (entry for _, entry in join({file.path: read(file)}))


def read(file: File) -> Pom:
    """Raises BrokenData."""
    root = tree(file, TODO)
    if root.tag != "project":
        raise broken(root.line, f"a pom is a <project>, and this is <{root.tag[:50]}>", TODO)
    pom = Pom(group=root.said("groupId"), artifact=root.said("artifactId"), version=root.said("version"))
    if parent := root.first("parent"):
        group, artifact, version = (parent.said(key) for key in ("groupId", "artifactId", "version"))
        pom.parent, pom.parent_line = (group, artifact, version), parent.line
        own = parent.first("relativePath")
        pom.parent_path = "../pom.xml" if own is None else own.text.strip()
    _take(pom, root)
    profiles = root.first("profiles")
    for profile in profiles.each("profile") if profiles else ():
        if profile.said("activation", "activeByDefault") == "true":
            _take(pom, profile)
        elif profile.first("dependencies") or profile.first("dependencyManagement"):
            pom.left.append(profile.line)
    return pom


def _take(pom: Pom, holder: Element) -> None:
    """What a project or a profile of it says."""
    properties = holder.first("properties")
    for own in properties.children if properties else ():
        pom.properties[own.tag] = own.text.strip()
    pom.wishes += _wishes(holder.first("dependencies"))
    for wish in _wishes(holder.first("dependencyManagement", "dependencies")):
        if wish.scope == "import":
            pom.imports.append(wish)
        else:
            pom.managed.setdefault((wish.group, wish.artifact), wish)


def _wishes(holder: Element | None) -> Iterator[Wish]:
    for element in holder.each("dependency") if holder else ():
        wish = Wish(
            group=element.said("groupId"),
            artifact=element.said("artifactId"),
            version=element.said("version"),
            scope=element.said("scope"),
            optional=element.said("optional") == "true",
            line=element.line,
        )
        if wish.group and wish.artifact:
            yield wish


def join(poms: Mapping[str, Pom]) -> Iterator[tuple[str, Entry]]:
    """The packages that each pom asks for, with the versions that it, its parents and what it imports give them."""
    together = Poms(poms)
    for path, pom in poms.items():
        yield from ((path, entry) for entry in together.entries(path))
        yield from ((path, Left(line=line, why=PROFILES)) for line in pom.left)
