"""Entries of an inventory out of a package URL, or out of what a document says where there is none."""

from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.parsers.ecosystems import of_purl
from vallum_engine.parsers.format import Component

WHOLE = Location(path=".")


def component(purl: object, name: object, version: object = "") -> Component:
    """Of a package URL; without one, or with one that is none, it has a name and no ecosystem."""
    found = of_purl(purl)
    if found is None:
        return Component(ecosystem="", name=str(name or "").strip(), version=str(version or "").strip())
    return Component(
        ecosystem=found.ecosystem, name=found.name, version=found.version or str(version or "").strip(), purl=found.purl
    )


def package(of: Component, place: Location = WHOLE, *, direct: bool | None = None, optional: bool = False) -> Package:
    return Package(
        ecosystem=of.ecosystem,
        name=of.name,
        version=of.version,
        location=place,
        direct=direct,
        groups=("optional",) if optional else (),
    )
