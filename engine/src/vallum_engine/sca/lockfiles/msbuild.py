"""MSBuild's projects: `*.csproj`, `*.fsproj`, `*.vbproj`, with what `Directory.Build.*` and `Directory.Packages.props` say.

https://learn.microsoft.com/nuget/consume-packages/central-package-management. A plain version is the lowest one allowed,
and NuGet takes the lowest there is, so it counts as the version; a range or a floating one is listed with none. Conditions
are not worked out: what one may add is listed, and a property with several values has none.
"""

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Gap
from vallum_engine.sca.lockfiles.located_xml import Element, tree
from vallum_engine.sca.lockfiles.properties import expanded
from vallum_engine.values import immutable, made, mutable

TODO = "See what `dotnet restore` says of it."
_SHARED = ("Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "Packages.props")
"""Files that count for every project below their folder; the nearest speaks first."""
_REFERENCES = frozenset({"PackageReference", "GlobalPackageReference"})
_PROPERTY = re.compile(r"\$\(\s*([\w.-]+)\s*\)")
_NAME = re.compile(r"[\w.-]+")
_EXACT = re.compile(r"\[?\s*(\d[\w.+-]*)\s*\]?")


@immutable
class _Item:
    names: str
    version: str
    line: int


@mutable
class Project:
    """What one file says."""

    properties: dict[str, str] = made(factory=dict)
    """By name in lower case; empty where it says several."""
    references: list[_Item] = made(factory=list)
    pins: dict[str, _Item] = made(factory=dict)
    """Versions for references that have none (`PackageVersion`), by name in lower case."""


def extract(file: File) -> Iterator[Entry]:
    """What one file says without the others. Raises BrokenData."""
    return (entry for _, entry in join({file.path: read(file)}))


def read(file: File) -> Project:
    """Raises BrokenData."""
    project = Project()
    for element in tree(file, TODO).walk():
        if element.tag == "PropertyGroup":
            for own in element.children:
                _remember(project.properties, own)
        elif element.tag in _REFERENCES:
            project.references.append(_item(element, ("VersionOverride", "Version")))
        elif element.tag == "PackageVersion":
            pin = _item(element, ("Version",))
            project.pins |= dict.fromkeys(_names(pin.names), pin)
    return project


def _remember(properties: dict[str, str], own: Element) -> None:
    name, value = own.tag.lower(), own.text.strip()
    properties[name] = value if properties.get(name, value) == value else ""


def _item(element: Element, keys: Iterable[str]) -> _Item:
    """Metadata stand as attributes or as elements."""
    said = (element.attributes.get(key, "").strip() or element.said(key) for key in keys)
    names = element.attributes.get("Include") or element.attributes.get("Update") or ""
    return _Item(names=names, version=next(filter(None, said), ""), line=element.line)


def join(projects: Mapping[str, Project]) -> Iterator[tuple[str, Entry]]:
    """The packages of every project, at the place that asks; of pins that nobody is there to ask for, at their own."""
    asking = {folder for path in projects if not path.endswith(_SHARED) for folder in _folders(path)}
    for path, project in projects.items():
        around = [project, *(projects[other] for other in _above(path) if other in projects and other != path)]
        properties = _Caseless(*(other.properties for other in around))
        pins = ChainMap(*(other.pins for other in around))
        items = list(project.references)
        if next(_folders(path)) not in asking:
            items += dict.fromkeys(project.pins.values())
        for item in items:
            yield from ((path, entry) for entry in _entries(path, item, properties, pins))


class _Caseless(ChainMap[str, str]):
    """Properties of files, the nearest first, by their names in any case."""

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]  # the default is a text here
        return super().get(key.lower(), default)


def _folders(path: str) -> Iterator[str]:
    """The folder of a file and all above it, the nearest first; the root is empty."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def _above(path: str) -> Iterator[str]:
    """Where the files that count for this one may lie, the nearest first."""
    for folder in _folders(path):
        yield from (f"{folder}/{name}" if folder else name for name in _SHARED)


def _names(names: str) -> list[str]:
    return [name.strip().lower() for name in names.split(";") if name.strip()]


def _entries(path: str, item: _Item, properties: Mapping[str, str], pins: Mapping[str, _Item]) -> Iterator[Entry]:
    for name in filter(None, map(str.strip, _expanded(item.names, properties).split(";"))):
        if not _NAME.fullmatch(name):
            yield Gap(line=item.line, readable=True)
            continue
        pin = pins.get(name.lower())
        asked = " ".join(_expanded(item.version or (pin.version if pin else ""), properties).split())
        exact = _EXACT.fullmatch(asked)
        yield Package(
            ecosystem="NuGet",
            name=name,
            version=exact[1] if exact else "",
            location=Location(path=path, line=item.line, end_line=item.line),
            direct=True,
            requested=asked,
        )


def _expanded(text: str, properties: Mapping[str, str]) -> str:
    return expanded(text, _PROPERTY, properties) if "$(" in text else text
