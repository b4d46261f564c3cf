"""What a package URL says of a package, its qualifiers with it: a distribution's release, an epoch, a source package.

https://github.com/package-url/purl-spec. `distro`, `arch` and `epoch` are the types' own; `upstream` is how Syft and Grype name
the source package.
"""

from urllib.parse import unquote

from vallum_engine.model import naming
from vallum_engine.model.distributions import FAMILIES
from vallum_engine.model.purls import qualifiers, with_epoch
from vallum_engine.model.releases import of_distro
from vallum_engine.values import immutable

SYSTEMS = frozenset(each.type for each in FAMILIES.values())
"""Types whose packages are an operating system's, named without their namespace."""
MOST = 4096
"""Letters of a package URL that are looked at; registries stop far below it."""
_FOLDED = frozenset({"Go", "PyPI"})
"""Ecosystems whose package URLs do not keep the letters of a name."""


@immutable
class Named:
    """A package as its package URL names it. `ecosystem` is OSV's name, or the URL's type where OSV has none."""

    ecosystem: str
    name: str
    version: str = ""
    arch: str = ""
    source: str = ""
    source_version: str = ""


def read(purl: str, spelled: str = "") -> Named | None:
    """The package; None for what is no package URL. `spelled` is the name as the document writes it, where it may be spelled better."""
    found = naming.from_purl(purl) if len(purl) <= MOST else None
    if found is None:
        return None
    ecosystem, name, version = found
    said = qualifiers(purl)
    if purl[4:].lstrip("/").partition("/")[0].lower() in SYSTEMS:
        namespace, _, name = name.rpartition("/")
        ecosystem = of_distro(namespace, said.get("distro", "")) if namespace else ecosystem
        version = with_epoch(version, said)
    elif ecosystem in _FOLDED and _folded(ecosystem, spelled) in _spellings(ecosystem, name, purl):
        name = spelled
    source, _, source_version = said.get("upstream", "").partition("@")
    return Named(
        ecosystem=ecosystem,
        name=name,
        version=version,
        arch=said.get("arch", ""),
        source=source,
        source_version=source_version,
    )


def _spellings(ecosystem: str, name: str, purl: str) -> tuple[str, ...]:
    """How the name may be written. Syft writes the last part of a Go module (`/v3`) as the URL's subpath."""
    below = unquote(purl.partition("#")[2]).strip("/")
    names = (name, f"{name}/{below}") if below and ecosystem == "Go" else (name,)
    return tuple(_folded(ecosystem, each) for each in names)


def _folded(ecosystem: str, name: str) -> str:
    return naming.normalised(ecosystem, name).lower()
